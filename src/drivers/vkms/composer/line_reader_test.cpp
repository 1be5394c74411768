// Lines in every format: which there are, where their samples lie, what each rotation shows.
#include "drivers/vkms/composer/line_reader.h"

#include <drm_fourcc.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "drivers/vkms/composer/composer_fixture.h"

namespace plugboard::vkms {
namespace {

TEST(LineReader, reads_the_33_formats_of_linux72) {
    const auto formats = readable_formats();
    EXPECT_EQ(std::set(formats.begin(), formats.end()).size(), 33U);
    EXPECT_TRUE(std::ranges::all_of(formats, can_read));
    EXPECT_FALSE(can_read(DRM_FORMAT_C8));
}

TEST(LineReader, every_format_is_one_the_core_knows) {
    for (const uint32_t format : readable_formats()) {
        const drm::FormatInfo* info = drm::find_format(format);
        ASSERT_NE(info, nullptr);
        const YuvLayout* layout = find_yuv_layout(format);
        EXPECT_EQ(info->is_yuv, layout != nullptr);
        if (layout == nullptr) continue;
        EXPECT_EQ(info->num_planes, layout->planes);
        EXPECT_EQ(info->blocks[0].bytes, layout->sample_bytes);
    }
}

TEST(YuvMatrix, white_black_and_gray_are_those_of_their_range) {
    const auto gray = [](ColorRange range, uint16_t level) {
        const uint16_t none = 128 * 257;
        return yuv_matrix(ColorEncoding::Bt709, range).convert({.y = level, .u = none, .v = none});
    };
    using Colors = std::array<int32_t, 3>;
    EXPECT_EQ(gray(ColorRange::Full, 0), (Colors{0, 0, 0}));
    EXPECT_EQ(gray(ColorRange::Full, 0xffff), (Colors{0xffff, 0xffff, 0xffff}));
    EXPECT_EQ(gray(ColorRange::Limited, 16 * 257), (Colors{0, 0, 0}));
    EXPECT_GE(gray(ColorRange::Limited, 235 * 257)[1], 0xffff);
    EXPECT_LT(gray(ColorRange::Limited, 0)[0], 0);
}

/// What a plane shows that lies alone on a screen of its size.
std::vector<Argb16> pixels_shown(const tests::RawPicture& picture, uint32_t rotation) {
    const ScenePlane plane = at(picture, 0, 0, {.bits = rotation});
    return pixels_of({.size = plane.destination.size(), .planes = {&plane, 1}, .gamma = {}});
}

/// The pixels of three by two, numbered from the left of the first line.
std::vector<int> order_of(uint32_t format, uint32_t rotation) {
    const tests::RawPicture picture = tests::raw_picture(format, 3, 2);
    const auto upright = pixels_shown(picture, DRM_MODE_ROTATE_0);
    std::vector<int> order;
    for (const Argb16& pixel : pixels_shown(picture, rotation)) {
        const auto found = std::ranges::find(upright, pixel);
        order.push_back(static_cast<int>(found - upright.begin()));
    }
    return order;
}

TEST(LineReader, turns_counter_clockwise) {
    for (const uint32_t format : {DRM_FORMAT_XRGB8888, DRM_FORMAT_YUV444, DRM_FORMAT_BGR888}) {
        using Order = std::vector<int>;
        EXPECT_EQ(order_of(format, DRM_MODE_ROTATE_90), (Order{2, 5, 1, 4, 0, 3}));
        EXPECT_EQ(order_of(format, DRM_MODE_ROTATE_180), (Order{5, 4, 3, 2, 1, 0}));
        EXPECT_EQ(order_of(format, DRM_MODE_ROTATE_270), (Order{3, 0, 4, 1, 5, 2}));
        EXPECT_EQ(order_of(format, DRM_MODE_ROTATE_0 | DRM_MODE_REFLECT_X),
                  (Order{2, 1, 0, 5, 4, 3}));
        EXPECT_EQ(order_of(format, DRM_MODE_ROTATE_0 | DRM_MODE_REFLECT_Y),
                  (Order{3, 4, 5, 0, 1, 2}));
    }
}

TEST(LineReader, mirrors_before_it_turns) {
    EXPECT_EQ(order_of(DRM_FORMAT_XRGB8888, DRM_MODE_ROTATE_90 | DRM_MODE_REFLECT_X),
              (std::vector<int>{0, 3, 1, 4, 2, 5}));
}

TEST(LineReader, columns_of_gray_skip_lines_as_in_the_kernel) {
    tests::RawPicture picture = tests::raw_picture(DRM_FORMAT_R4, 2, 4);
    for (uint8_t y = 0; y < 4; ++y) picture.planes[0][y] = std::byte{y};
    std::vector<int> levels;
    for (const Argb16& pixel : pixels_shown(picture, DRM_MODE_ROTATE_90))
        levels.push_back(pixel.r / 4369);
    EXPECT_EQ(levels, (std::vector<int>{0, 2, 0, 0, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace plugboard::vkms
