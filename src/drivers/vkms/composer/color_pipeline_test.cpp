// Color pipelines: each operation, their order, and where values are cut to 16 bits.
#include "drivers/vkms/composer/color_pipeline.h"

#include <drm_fourcc.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "drivers/vkms/composer/composer_fixture.h"

namespace plugboard::vkms {
namespace {

constexpr int64_t one_in_fixed = int64_t{1} << 32;

Argb16 after(const std::vector<ColorOperation>& operations, Argb16 pixel) {
    apply_pipeline({operations}, {&pixel, 1});
    return pixel;
}

Matrix3x4 scaling(int64_t factor, int64_t bias = 0) {
    return {{factor, 0, 0, bias, 0, factor, 0, bias, 0, 0, factor, bias}};
}

TEST(ColorPipeline, without_operations_changes_nothing) {
    const Argb16 pixel{.a = 1, .r = 2, .g = 3, .b = 4};
    EXPECT_EQ(after({}, pixel), pixel);
}

TEST(ColorPipeline, curves_keep_the_ends_and_undo_each_other) {
    for (const Curve curve : {Curve::SrgbEotf, Curve::SrgbInverseEotf}) {
        EXPECT_EQ(after({curve}, {.a = 9, .r = 0, .g = 0xffff, .b = 0}),
                  (Argb16{.a = 9, .r = 0, .g = 0xffff, .b = 0}));
    }
    EXPECT_NEAR(after({Curve::SrgbEotf}, {.a = 0, .r = 0x8080, .g = 0, .b = 0}).r, 14146, 1);
    for (uint16_t level = 0x4000; level < 0xff00; level = static_cast<uint16_t>(level + 251)) {
        const Argb16 pixel{.a = 0xffff, .r = level, .g = level, .b = level};
        EXPECT_NEAR(after({Curve::SrgbEotf, Curve::SrgbInverseEotf}, pixel).r, level, 40);
    }
}

TEST(ColorPipeline, a_matrix_mixes_channels_and_adds_a_bias) {
    const Matrix3x4 swapped{{0, 0, one_in_fixed, 0, 0, one_in_fixed, 0, 0, one_in_fixed, 0, 0, 0}};
    EXPECT_EQ(after({swapped}, {.a = 1, .r = 2, .g = 3, .b = 4}),
              (Argb16{.a = 1, .r = 4, .g = 3, .b = 2}));
    EXPECT_EQ(after({scaling(0, one_in_fixed / 5)}, {.a = 1, .r = 2, .g = 3, .b = 4}).g,
              0xffff / 5);
}

TEST(ColorPipeline, values_are_cut_at_the_end_only) {
    const Argb16 pixel{.a = 0xffff, .r = 40000, .g = 20000, .b = 0};
    EXPECT_EQ(after({scaling(2 * one_in_fixed), scaling(one_in_fixed / 2)}, pixel), pixel);
    EXPECT_EQ(after({scaling(-one_in_fixed), scaling(-one_in_fixed)}, pixel), pixel);
    EXPECT_EQ(after({scaling(2 * one_in_fixed)}, pixel).r, 0xffff);
    EXPECT_EQ(after({scaling(-one_in_fixed)}, pixel).r, 0);
}

TEST(ColorPipeline, sign_and_size_become_a_number) {
    std::array<uint64_t, 12> numbers{};
    numbers[0] = uint64_t{1} << 63 | uint64_t{1} << 32;
    numbers[5] = uint64_t{3} << 31;
    const Matrix3x4 matrix = Matrix3x4::from_sign_magnitude(numbers);
    EXPECT_EQ(matrix.factors[0], -one_in_fixed);
    EXPECT_EQ(matrix.factors[5], one_in_fixed + one_in_fixed / 2);
    EXPECT_EQ(matrix.factors[11], 0);
}

TEST(ColorPipeline, of_a_yuv_picture_converts_as_its_properties_would) {
    const tests::RawPicture picture = tests::raw_picture(DRM_FORMAT_NV12, 64, 48);
    ScenePlane plain = at(picture, 0, 0);
    plain.image.encoding = ColorEncoding::Bt2020;
    plain.image.range = ColorRange::Limited;
    const ColorPipeline pipeline{
        {FixedMatrix{.encoding = ColorEncoding::Bt2020, .range = ColorRange::Limited}}};
    ScenePlane piped = at(picture, 0, 0);
    piped.pipeline = &pipeline;
    const drm::Size size{.width = picture.width, .height = picture.height};
    EXPECT_EQ(crc_of(size, {piped}), crc_of(size, {plain}));
}

TEST(Background, is_opaque_and_of_16_bits_a_channel) {
    EXPECT_EQ(background_color(0x0000123456789abc),
              (Argb16{.a = 0xffff, .r = 0x1234, .g = 0x5678, .b = 0x9abc}));
    const Scene scene{.size = {.width = 2, .height = 1},
                      .background = background_color(0xffff000000010000),
                      .planes = {},
                      .gamma = {}};
    EXPECT_EQ(pixels_of(scene)[1], (Argb16{.a = 0xffff, .r = 0, .g = 1, .b = 0}));
}

}  // namespace
}  // namespace plugboard::vkms
