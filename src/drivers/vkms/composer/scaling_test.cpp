// Which pixels a scaled plane mixes, at which weights; and the matrix after composition.
#include "drivers/vkms/composer/scaling.h"

#include <gtest/gtest.h>

#include "drivers/vkms/composer/composer_fixture.h"

namespace plugboard::vkms {
namespace {

constexpr auto nearest_pixel = drm::ScalingFilter::NearestNeighbor;

TEST(Scaling, an_axis_of_the_same_size_is_the_picture) {
    const ScaledAxis axis{.begin = 2 << 16, .length = 5 << 16, .pixels = 5};
    for (int64_t i = 0; i < 5; ++i) {
        const ScaledPlace place = axis.at(i);
        EXPECT_EQ(place.first, 2 + i);
        EXPECT_EQ(place.weight, 0u);
    }
}

TEST(Scaling, twice_as_large_mixes_in_quarters_and_stops_at_the_edges) {
    const ScaledAxis axis{.begin = 0, .length = 2 << 16, .pixels = 4};
    EXPECT_EQ(axis.at(0), (ScaledPlace{.first = 0, .second = 0, .weight = 0xc000}));
    EXPECT_EQ(axis.at(1), (ScaledPlace{.first = 0, .second = 1, .weight = 0x4000}));
    EXPECT_EQ(axis.at(2), (ScaledPlace{.first = 0, .second = 1, .weight = 0xc000}));
    EXPECT_EQ(axis.at(3), (ScaledPlace{.first = 1, .second = 1, .weight = 0x4000}));
}

TEST(Scaling, nearest_takes_the_pixel_that_the_middle_lies_in) {
    const ScaledAxis axis{.begin = 0, .length = 2 << 16, .pixels = 4, .filter = nearest_pixel};
    for (const int64_t i : {0, 1, 2, 3})
        EXPECT_EQ(axis.at(i), (ScaledPlace{.first = i / 2, .second = i / 2}));
}

TEST(Scaling, half_as_large_mixes_the_two_in_the_middle_alike) {
    const ScaledAxis axis{.begin = 0, .length = 8 << 16, .pixels = 4};
    EXPECT_EQ(axis.at(1), (ScaledPlace{.first = 2, .second = 3, .weight = 0x8000}));
}

TEST(Scaling, what_lies_outside_of_the_source_rectangle_is_not_touched) {
    const ScaledAxis axis{.begin = 3 << 16, .length = 0x1'8000, .pixels = 20};
    for (int64_t i = 0; i < 20; ++i) {
        EXPECT_GE(axis.at(i).first, 3);
        EXPECT_LE(axis.at(i).second, 4);
    }
}

TEST(Scaling, mixes_to_the_nearest_level) {
    const Argb16 dark{.a = 0xffff, .r = 0, .g = 1, .b = 0};
    const Argb16 light{.a = 0xffff, .r = 0xffff, .g = 0, .b = 3};
    const ScaledPlace half{.first = 0, .second = 1, .weight = 0x8000};
    EXPECT_EQ(mix(half, {}, dark, light, {}, {}),
              (Argb16{.a = 0xffff, .r = 0x8000, .g = 1, .b = 2}));
}

TEST(Scaling, a_matrix_adds_signed_parts_and_is_cut_at_both_ends) {
    constexpr uint64_t one = uint64_t{1} << 32;
    constexpr uint64_t minus = uint64_t{1} << 63;
    const Ctm ctm{.factors = {one / 2, one / 2, 0,             //
                              one, minus | one, 0,             //
                              ~minus, 0, minus | (one / 2)}};  // far beyond every level
    std::vector<Argb16> line = {{.a = 0xffff, .r = 100, .g = 300, .b = 7},
                                {.a = 0xffff, .r = 0, .g = 1, .b = 5000}};
    apply_ctm(ctm, line);
    EXPECT_EQ(line[0], (Argb16{.a = 0xffff, .r = 200, .g = 0, .b = 0xffff}));
    EXPECT_EQ(line[1], (Argb16{.a = 0xffff, .r = 1, .g = 0, .b = 0}));
}

}  // namespace
}  // namespace plugboard::vkms
