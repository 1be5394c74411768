#include "drivers/vkms/composer/composer.h"

#include <drm_fourcc.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <vector>

#include "drivers/vkms/composer/composer_fixture.h"

namespace plugboard::vkms {
namespace {

using tests::Picture;

TEST(Composer, planes_are_stacked_in_the_order_given) {
    const Picture red = tests::solid(0xff0000, 8, 8);
    const Picture green = tests::solid(0x00ff00, 8, 8);
    const drm::Size size{.width = 8, .height = 8};
    EXPECT_EQ(crc_of(size, {at(red, 0, 0), at(green, 0, 0)}), crc_of(size, {at(green, 0, 0)}));
    EXPECT_EQ(crc_of(size, {at(green, 0, 0), at(red, 0, 0)}), crc_of(size, {at(red, 0, 0)}));
}

TEST(Composer, without_planes_the_screen_is_opaque_black) {
    const auto pixels = pixels_of({.size = {.width = 4, .height = 2}, .planes = {}, .gamma = {}});
    EXPECT_EQ(pixels, std::vector<Argb16>(8, opaque_black));
}

TEST(Composer, unused_bits_of_x_formats_do_not_show) {
    const Picture picture = tests::solid(0x00336699, 4, 1);
    const Picture other = tests::solid(0xff336699, 4, 1);
    const drm::Size size{.width = 4, .height = 1};
    EXPECT_EQ(crc_of(size, {at(picture, 0, 0)}), crc_of(size, {at(other, 0, 0)}));
}

TEST(Composer, a_fraction_in_the_source_corner_is_cut_off) {
    const Picture picture = tests::pattern(DRM_FORMAT_XRGB8888, 16, 16);
    ScenePlane whole = at(picture, 0, 0);
    whole.source = drm::FixedRect::from_pixels(3, 5, 8, 8);
    whole.destination = {.x = 0, .y = 0, .width = 8, .height = 8};
    ScenePlane fraction = whole;
    fraction.source.x += 0xffff;
    fraction.source.y += 0xffff;
    const drm::Size size{.width = 8, .height = 8};
    EXPECT_EQ(crc_of(size, {whole}), crc_of(size, {fraction}));
}

TEST(Composer, offset_and_pitch_are_honoured) {
    const Picture picture = tests::pattern(DRM_FORMAT_XRGB8888, 5, 3);
    constexpr uint32_t offset = 13;
    constexpr uint32_t pitch = 31;
    std::vector<std::byte> memory(offset + pitch * 2 + 5 * 4);
    tests::draw_pattern(DRM_FORMAT_XRGB8888, 5, 3, pitch, std::span(memory).subspan(offset));
    ScenePlane plane = at(picture, 0, 0);
    plane.image.planes[0] = {.bytes = memory, .offset = offset, .pitch = pitch};
    const drm::Size size{.width = 5, .height = 3};
    EXPECT_EQ(crc_of(size, {plane}), crc_of(size, {at(picture, 0, 0)}));
}

TEST(Composer, rows_beyond_the_memory_show_what_is_below) {
    const Picture picture = tests::solid(0xffffff, 4, 4);
    ScenePlane plane = at(picture, 0, 0);
    plane.image.planes[0].bytes = std::span(picture.bytes).first(4 * 4 * 2 + 4);
    const std::vector<ScenePlane> planes = {plane};
    const auto pixels =
        pixels_of({.size = {.width = 4, .height = 4}, .planes = planes, .gamma = {}});
    const Argb16 white{.a = 0xffff, .r = 0xffff, .g = 0xffff, .b = 0xffff};
    EXPECT_EQ(std::ranges::count(pixels, white), 9);
    EXPECT_EQ(std::ranges::count(pixels, opaque_black), 7);
}

TEST(Composer, unsupported_formats_are_refused_before_anything_is_written) {
    Picture picture = tests::solid(0xffffff, 4, 4);
    picture.format = DRM_FORMAT_C8;
    const std::vector<ScenePlane> planes = {at(picture, 0, 0)};
    uint32_t crc = 0x1234;
    EXPECT_EQ(Composer()
                  .compose({.size = {.width = 4, .height = 4}, .planes = planes, .gamma = {}},
                           {.crc = &crc, .images = {}})
                  .error(),
              Errno::Inval);
    EXPECT_EQ(crc, 0x1234U);

    const TargetImage target{.format = DRM_FORMAT_C8, .memory = {}};
    EXPECT_EQ(Composer().compose({}, {.images = {&target, 1}}).error(), Errno::Inval);
}

TEST(Composer, an_empty_screen_has_the_crc_seed) {
    EXPECT_EQ(crc_of(drm::Size{}, {}), 0U);
}

TEST(Composer, keeps_its_buffers_from_large_to_small_frames) {
    const Picture large = tests::pattern(DRM_FORMAT_XRGB8888, 100, 10);
    const Picture small = tests::pattern(DRM_FORMAT_RGB565, 10, 10);
    const std::vector<ScenePlane> large_planes = {at(large, 0, 0)};
    const std::vector<ScenePlane> small_planes = {at(small, 0, 0)};
    const Scene large_scene{
        .size = {.width = 100, .height = 10}, .planes = large_planes, .gamma = {}};
    const Scene small_scene{
        .size = {.width = 10, .height = 10}, .planes = small_planes, .gamma = {}};
    Composer composer;
    for (const Scene* scene : {&small_scene, &large_scene, &small_scene}) {
        uint32_t crc = 0;
        ASSERT_TRUE(composer.compose(*scene, {.crc = &crc, .images = {}}).ok());
        EXPECT_EQ(crc, crc_of(*scene));
    }
}

TEST(Composer, gamma_is_applied_after_blending) {
    const Picture picture = tests::solid(0x804020, 2, 1);
    const std::vector<ScenePlane> planes = {at(picture, 0, 0)};
    const std::vector<drm_color_lut> inverted = {{0xffff, 0xffff, 0xffff, 0}, {0, 0, 0, 0}};
    const auto pixels =
        pixels_of({.size = {.width = 2, .height = 1}, .planes = planes, .gamma = inverted});
    EXPECT_EQ(pixels[0].a, 0xffff);
    EXPECT_NEAR(pixels[0].r, 0xffff - 0x8080, 1);
    EXPECT_NEAR(pixels[0].g, 0xffff - 0x4040, 1);
    EXPECT_NEAR(pixels[0].b, 0xffff - 0x2020, 1);
}

}  // namespace
}  // namespace plugboard::vkms
