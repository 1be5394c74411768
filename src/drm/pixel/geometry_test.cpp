// Tests of rectangles: edges far out, negative corners, 16.16 limits.
#include "drm/pixel/geometry.h"

#include <gtest/gtest.h>

#include <limits>

namespace plugboard::drm {
namespace {

TEST(Rect, intersection_of_overlapping_is_the_common_part) {
    const Rect screen{.x = 0, .y = 0, .width = 1024, .height = 768};
    const Rect cursor{.x = -64, .y = -32, .width = 256, .height = 256};
    EXPECT_EQ(intersect(screen, cursor), (Rect{.x = 0, .y = 0, .width = 192, .height = 224}));
    EXPECT_EQ(intersect(cursor, screen), intersect(screen, cursor));
}

TEST(Rect, touching_rectangles_have_no_common_part) {
    const Rect left{.x = 0, .y = 0, .width = 10, .height = 10};
    const Rect right{.x = 10, .y = 0, .width = 10, .height = 10};
    EXPECT_TRUE(intersect(left, right).is_empty());
}

TEST(Rect, edges_beyond_thirty_two_bits_do_not_wrap) {
    const Rect far{.x = std::numeric_limits<int32_t>::max() - 1,
                   .y = std::numeric_limits<int32_t>::min(),
                   .width = std::numeric_limits<uint32_t>::max(),
                   .height = std::numeric_limits<uint32_t>::max()};
    EXPECT_EQ(far.right(), 2147483646LL + 4294967295LL);
    EXPECT_EQ(far.bottom(), -2147483648LL + 4294967295LL);
    EXPECT_TRUE(intersect(far, {.x = 0, .y = 0, .width = 65535, .height = 65535}).is_empty());
}

TEST(FixedRect, fits_up_to_the_last_pixel) {
    const Size buffer{.width = 100, .height = 50};
    EXPECT_TRUE(FixedRect::from_pixels(0, 0, 100, 50).fits_in(buffer));
    EXPECT_TRUE(FixedRect::from_pixels(99, 49, 1, 1).fits_in(buffer));
    EXPECT_FALSE(FixedRect::from_pixels(1, 0, 100, 50).fits_in(buffer));
    EXPECT_FALSE((FixedRect{.x = 1, .y = 0, .width = 100U << 16, .height = 1}.fits_in(buffer)));
}

TEST(FixedRect, sum_beyond_thirty_two_bits_does_not_wrap) {
    const FixedRect rect{.x = 0xffff0000, .y = 0, .width = 0x20000, .height = 0x10000};
    EXPECT_FALSE(rect.fits_in({.width = 65535, .height = 65535}));
}

TEST(FixedRect, a_fraction_of_a_pixel_is_another_size) {
    FixedRect rect = FixedRect::from_pixels(0, 0, 64, 64);
    EXPECT_TRUE(rect.has_size({.width = 64, .height = 64}));
    rect.width += 1;
    EXPECT_FALSE(rect.has_size({.width = 64, .height = 64}));
}

}  // namespace
}  // namespace plugboard::drm
