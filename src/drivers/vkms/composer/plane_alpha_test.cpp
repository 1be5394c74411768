// The formulas of "pixel blend mode" with a plane's alpha: the numbers, at both ends and between.
#include "drivers/vkms/composer/plane_alpha.h"

#include <gtest/gtest.h>

#include "drivers/vkms/composer/blend.h"

namespace plugboard::vkms {
namespace {

constexpr Argb16 half_red{.a = 0x8000, .r = 0x8000, .g = 0, .b = 0};  // premultiplied
constexpr Argb16 white{.a = 0xffff, .r = 0xffff, .g = 0xffff, .b = 0xffff};

Argb16 over_white(const Argb16& pixel, uint16_t alpha, drm::BlendMode mode) {
    return blend(with_plane_alpha(pixel, alpha, mode), white);
}

TEST(PlaneAlpha, an_opaque_premultiplied_plane_keeps_its_pixels) {
    EXPECT_TRUE(keeps_pixels(0xffff, drm::BlendMode::Premultiplied));
    EXPECT_EQ(with_plane_alpha(half_red, 0xffff, drm::BlendMode::Premultiplied), half_red);
}

TEST(PlaneAlpha, none_of_it_shows_what_is_below) {
    for (const drm::BlendMode mode :
         {drm::BlendMode::Premultiplied, drm::BlendMode::Coverage, drm::BlendMode::None})
        EXPECT_EQ(over_white(half_red, 0, mode), white);
}

TEST(PlaneAlpha, coverage_multiplies_colors_by_the_pixels_alpha) {
    // 0x8000 of 0xffff is a little more than a half; its square is 0x4000.4.
    const Argb16 shown = over_white(half_red, 0xffff, drm::BlendMode::Coverage);
    EXPECT_EQ(shown, (Argb16{.a = 0xffff, .r = 0xbfff, .g = 0x7fff, .b = 0x7fff}));
}

TEST(PlaneAlpha, premultiplied_does_not) {
    const Argb16 shown = over_white(half_red, 0xffff, drm::BlendMode::Premultiplied);
    EXPECT_EQ(shown, (Argb16{.a = 0xffff, .r = 0xffff, .g = 0x7fff, .b = 0x7fff}));
}

TEST(PlaneAlpha, none_looks_at_the_planes_alpha_alone) {
    EXPECT_EQ(over_white(half_red, 0xffff, drm::BlendMode::None),
              (Argb16{.a = 0xffff, .r = 0x8000, .g = 0, .b = 0}));
    EXPECT_EQ(over_white({}, 0x8000, drm::BlendMode::None),
              (Argb16{.a = 0xffff, .r = 0x7fff, .g = 0x7fff, .b = 0x7fff}));
}

}  // namespace
}  // namespace plugboard::vkms
