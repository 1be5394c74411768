// The composer's CRCs are those of a running kernel.
#include <drm_fourcc.h>
#include <gtest/gtest.h>

#include <cctype>
#include <charconv>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/vkms/composer/composer_fixture.h"
#include "tests/support/reference_files.h"
#include "tests/support/reference_scene.h"

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

std::string name_of_test(std::string line) {
    for (char& c : line) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
    return line;
}

TEST(ComposerReference, every_crc_of_linux61_and_linux72) {
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
    for (const char* file : {"linux-6.1/crc.txt", "linux-7.2/crc.txt"}) {
        const auto expected = reference_crcs(file);
        ASSERT_EQ(expected.size(), 8U);
        EXPECT_EQ(ours, expected) << file;
    }
}

class Linux72 : public testing::TestWithParam<std::pair<const std::string, uint32_t>> {};

TEST_P(Linux72, crc_is_the_kernels) {
    const auto& [line, crc] = GetParam();
    const tests::ReferenceScene scene = tests::reference_scene(line);
    const auto below =
        tests::raw_picture(DRM_FORMAT_XRGB8888, tests::reference_width, tests::reference_height);
    const auto picture =
        tests::raw_picture(tests::format_named(scene.format), scene.width, scene.height);
    std::vector<ScenePlane> planes;
    if (scene.is_overlay) planes.push_back(at(below, 0, 0));
    planes.push_back(at(picture, scene.x, scene.y, {.bits = scene.rotation}));
    planes.back().image.encoding = ColorEncoding{scene.color_encoding};
    planes.back().image.range = ColorRange{scene.color_range};
    const auto gamma = scene.has_gamma ? tests::reference_gamma(256) : std::vector<drm_color_lut>();
    EXPECT_EQ(
        crc_of({.width = tests::reference_width, .height = tests::reference_height}, planes, gamma),
        crc);
}

INSTANTIATE_TEST_SUITE_P(ComposerReference, Linux72,
                         testing::ValuesIn(reference_crcs("linux-7.2/crc2.txt")),
                         [](const auto& shown) { return name_of_test(shown.param.first); });

TEST(ComposerReference, linux72_has_56_lines) {
    EXPECT_EQ(reference_crcs("linux-7.2/crc2.txt").size(), 56U);
}

}  // namespace
}  // namespace plugboard::vkms
