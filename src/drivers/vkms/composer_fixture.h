// For tests of the composer: pictures on planes, and what it makes of them.
#pragma once

#include <drm_fourcc.h>
#include <drm_mode.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "drivers/vkms/composer.h"
#include "drivers/vkms/pixel_reader.h"
#include "tests/support/pictures.h"

namespace plugboard::vkms {

inline SourceImage image_of(const tests::Picture& picture) {
    SourceImage image{.format = picture.format,
                      .size = {.width = picture.width, .height = picture.height},
                      .planes = {}};
    image.planes[0] = {.bytes = picture.bytes, .offset = 0, .pitch = picture.pitch};
    return image;
}

/// The whole picture with its corner at (x, y).
inline ScenePlane at(const tests::Picture& picture, int32_t x, int32_t y) {
    return {.image = image_of(picture),
            .source = drm::FixedRect::from_pixels(0, 0, picture.width, picture.height),
            .destination = {.x = x, .y = y, .width = picture.width, .height = picture.height}};
}

/// The curves of reference/linux-7.2/README.md in a table of two entries or more: red x*x, green
/// falling, blue half.
inline std::vector<drm_color_lut> gamma_table(uint64_t entries) {
    std::vector<drm_color_lut> table;
    for (uint64_t i = 0; i < entries; ++i) {
        const uint64_t x = i * 65535 / (entries - 1);
        table.push_back({.red = static_cast<uint16_t>(x * x / 65535),
                         .green = static_cast<uint16_t>(65535 - x),
                         .blue = static_cast<uint16_t>(x / 2),
                         .reserved = 0});
    }
    return table;
}

inline uint32_t crc_of(const Scene& scene) {
    uint32_t crc = 0;
    EXPECT_TRUE(Composer().compose(scene, {.crc = &crc, .images = {}}).ok());
    return crc;
}

inline uint32_t crc_of(drm::Size size, const std::vector<ScenePlane>& planes,
                       std::span<const drm_color_lut> gamma = {}) {
    return crc_of({.size = size, .planes = planes, .gamma = gamma});
}

/// The composed pixels, through an AR48 target, which keeps every bit.
inline std::vector<Argb16> pixels_of(const Scene& scene) {
    std::vector<std::byte> bytes(scene.size.area() * 8);
    const TargetImage target{.format = DRM_FORMAT_ARGB16161616,
                             .memory = {.bytes = bytes, .pitch = scene.size.width * 8}};
    EXPECT_TRUE(Composer().compose(scene, {.images = {&target, 1}}).ok());
    std::vector<Argb16> pixels(scene.size.area());
    find_reader(DRM_FORMAT_ARGB16161616)->read(bytes.data(), pixels);
    return pixels;
}

}  // namespace plugboard::vkms
