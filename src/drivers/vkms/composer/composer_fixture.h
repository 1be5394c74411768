// For tests of the composer: pictures on planes, and what it makes of them.
#pragma once

#include <drm_fourcc.h>
#include <drm_mode.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "drivers/vkms/composer/composer.h"
#include "drivers/vkms/composer/pixel_reader.h"
#include "tests/support/pictures.h"
#include "tests/support/raw_picture.h"

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

inline SourceImage image_of(const tests::RawPicture& picture) {
    SourceImage image{.format = picture.format,
                      .size = {.width = picture.width, .height = picture.height},
                      .planes = {}};
    for (uint32_t i = 0; i < picture.planes.size(); ++i)
        image.planes[i] = {.bytes = picture.planes[i], .offset = 0, .pitch = picture.pitch(i)};
    return image;
}

inline ScenePlane at(const tests::RawPicture& picture, int32_t x, int32_t y,
                     drm::Rotation rotation = {}) {
    const auto [width, height] = rotation.swaps_axes() ? std::pair(picture.height, picture.width)
                                                       : std::pair(picture.width, picture.height);
    return {.image = image_of(picture),
            .source = drm::FixedRect::from_pixels(0, 0, picture.width, picture.height),
            .destination = {.x = x, .y = y, .width = width, .height = height},
            .rotation = rotation};
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
