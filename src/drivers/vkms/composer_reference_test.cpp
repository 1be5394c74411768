// The composer's CRCs are those of a running kernel.
#include <drm_fourcc.h>
#include <gtest/gtest.h>

#include <charconv>
#include <map>
#include <string>
#include <vector>

#include "drivers/vkms/composer_fixture.h"
#include "tests/support/reference_files.h"

namespace plugboard::vkms {
namespace {

using tests::Picture;

/// Splits "XRGB8888 with gamma      0x139eb635" into what was shown and its CRC.
std::map<std::string, uint32_t> reference_crcs(std::string_view path) {
    std::map<std::string, uint32_t> crcs;
    for (const std::string& line : tests::reference_lines(path)) {
        const size_t value = line.rfind("0x");
        const size_t end = line.find_last_not_of(' ', value - 1);
        uint32_t crc = 0;
        std::from_chars(&line[value + 2], line.data() + line.size(), crc, 16);
        crcs[line.substr(0, end + 1)] = crc;
    }
    return crcs;
}

TEST(ComposerReference, every_crc_of_linux61) {
    constexpr drm::Size screen{.width = 1024, .height = 768};
    const Picture black = tests::solid(0x000000, 1024, 768);
    const Picture blue = tests::solid(0x123456, 1024, 768);
    const Picture xr24 = tests::pattern(DRM_FORMAT_XRGB8888, 1024, 768);
    const Picture wide = tests::pattern(DRM_FORMAT_XRGB8888, 1100, 800);
    const Picture rg16 = tests::pattern(DRM_FORMAT_RGB565, 1024, 768);
    const Picture xr48 = tests::pattern(DRM_FORMAT_XRGB16161616, 1024, 768);
    const Picture ar24 = tests::pattern(DRM_FORMAT_ARGB8888, 256, 256);
    const ScenePlane part{.image = image_of(wide),
                          .source = drm::FixedRect::from_pixels(37, 11, 1024, 768),
                          .destination = {.x = 0, .y = 0, .width = 1024, .height = 768}};
    const std::map<std::string, uint32_t> ours = {
        {"primary XR24 all 0x000000", crc_of(screen, {at(black, 0, 0)})},
        {"primary XR24 all 0x123456", crc_of(screen, {at(blue, 0, 0)})},
        {"primary XR24 pattern", crc_of(screen, {at(xr24, 0, 0)})},
        {"primary XR24 pattern 1100x800 src 37,11", crc_of(screen, {part})},
        {"primary RG16 pattern", crc_of(screen, {at(rg16, 0, 0)})},
        {"primary XR48 pattern", crc_of(screen, {at(xr48, 0, 0)})},
        {"+ overlay AR24 256x256 at 100,50", crc_of(screen, {at(xr24, 0, 0), at(ar24, 100, 50)})},
        {"+ overlay moved to -64,-32", crc_of(screen, {at(xr24, 0, 0), at(ar24, -64, -32)})},
    };
    const auto expected = reference_crcs("linux-6.1/crc.txt");
    ASSERT_EQ(expected.size(), 8U);
    EXPECT_EQ(ours, expected);
}

std::vector<drm_color_lut> reference_gamma() {
    std::vector<drm_color_lut> table;
    for (uint32_t i = 0; i < 256; ++i) {
        const uint32_t x = i * 257;
        table.push_back({.red = static_cast<uint16_t>(x * x / 65535),
                         .green = static_cast<uint16_t>(65535 - x),
                         .blue = static_cast<uint16_t>(x / 2),
                         .reserved = 0});
    }
    return table;
}

TEST(ComposerReference, crcs_of_linux72_for_the_formats_of_linux61) {
    constexpr drm::Size screen{.width = 640, .height = 480};
    const auto gamma = reference_gamma();
    const Picture xr24 = tests::raw_bytes(DRM_FORMAT_XRGB8888, 640, 480);
    const Picture xr48 = tests::raw_bytes(DRM_FORMAT_XRGB16161616, 640, 480);
    const Picture rg16 = tests::raw_bytes(DRM_FORMAT_RGB565, 640, 480);
    const Picture ar24 = tests::raw_bytes(DRM_FORMAT_ARGB8888, 256, 192);
    const Picture ar48 = tests::raw_bytes(DRM_FORMAT_ARGB16161616, 256, 192);
    const Picture ar24_small = tests::raw_bytes(DRM_FORMAT_ARGB8888, 200, 120);
    const Picture xr24_small = tests::raw_bytes(DRM_FORMAT_XRGB8888, 300, 200);
    const std::map<std::string, uint32_t> ours = {
        {"XRGB8888", crc_of(screen, {at(xr24, 0, 0)})},
        {"XRGB16161616", crc_of(screen, {at(xr48, 0, 0)})},
        {"RGB565", crc_of(screen, {at(rg16, 0, 0)})},
        {"ARGB8888 256x192 over XRGB8888 at 100,50",
         crc_of(screen, {at(xr24, 0, 0), at(ar24, 100, 50)})},
        {"ARGB16161616 256x192 over XRGB8888 at 100,50",
         crc_of(screen, {at(xr24, 0, 0), at(ar48, 100, 50)})},
        {"ARGB8888 200x120 at 300,170 rotate-0",
         crc_of(screen, {at(xr24, 0, 0), at(ar24_small, 300, 170)})},
        {"XRGB8888 with gamma 256 entries", crc_of(screen, {at(xr24, 0, 0)}, gamma)},
        {"XRGB16161616 with gamma 256 entries", crc_of(screen, {at(xr48, 0, 0)}, gamma)},
        {"XRGB8888 gamma off again", crc_of(screen, {at(xr24, 0, 0)})},
        {"XRGB8888 300x200 at 50,60, background default", crc_of(screen, {at(xr24_small, 50, 60)})},
    };
    const auto expected = reference_crcs("linux-7.2/crc2.txt");
    for (const auto& [name, crc] : ours) {
        ASSERT_TRUE(expected.contains(name)) << name;
        EXPECT_EQ(crc, expected.at(name)) << name;
    }
}

}  // namespace
}  // namespace plugboard::vkms
