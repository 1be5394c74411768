#include "cli/picture_diff.h"

#include <gtest/gtest.h>

namespace plugboard::cli {
namespace {

Picture grey(uint8_t value) {
    return {.width = 4, .height = 3, .rgb = std::vector<uint8_t>(size_t{3} * 4 * 3, value)};
}

TEST(PictureDiff, of_a_picture_with_itself_is_nothing) {
    const PictureDiff diff = compare(grey(7), grey(7), 0);
    EXPECT_EQ(diff.pixels, 0u);
    EXPECT_EQ(diff.greatest, 0u);
}

TEST(PictureDiff, counts_a_pixel_once_however_many_channels_differ) {
    Picture other = grey(7);
    const size_t pixel = 2 * 4 + 1;
    other.rgb[pixel * 3] = 0;
    other.rgb[pixel * 3 + 2] = 17;
    const PictureDiff diff = compare(grey(7), other, 0);
    EXPECT_EQ(diff.pixels, 1u);
    EXPECT_EQ(diff.greatest, 10u);
    EXPECT_EQ(diff.first_x, 1u);
    EXPECT_EQ(diff.first_y, 2u);
}

TEST(PictureDiff, within_the_tolerance_is_told_and_not_counted) {
    const PictureDiff diff = compare(grey(7), grey(10), 3);
    EXPECT_EQ(diff.pixels, 0u);
    EXPECT_EQ(diff.greatest, 3u);
    EXPECT_EQ(compare(grey(7), grey(10), 2).pixels, 12u);
}

TEST(PictureDiff, is_red_where_it_counts) {
    Picture other = grey(120);
    other.rgb[0] = 0;
    const Picture shown = show_diff(grey(120), other, 0);
    EXPECT_EQ(shown.rgb[0], 255);
    EXPECT_EQ(shown.rgb[3], 30) << "the rest is a quarter as bright";
}

}  // namespace
}  // namespace plugboard::cli
