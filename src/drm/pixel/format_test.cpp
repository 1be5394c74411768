// Tests of the format table: what clients can observe of it through ADDFB2 and ADDFB.
#include "drm/pixel/format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "uapi/drm_fourcc_extra.h"

namespace plugboard::drm {
namespace {

TEST(Format, every_fourcc_is_listed_once) {
    const auto formats = all_formats();
    const auto not_ascending = std::ranges::adjacent_find(
        formats, [](const auto& a, const auto& b) { return a.fourcc >= b.fourcc; });
    EXPECT_EQ(not_ascending, formats.end());
}

TEST(Format, each_is_found_by_its_fourcc) {
    for (const FormatInfo& info : all_formats()) EXPECT_EQ(find_format(info.fourcc), &info);
}

TEST(Format, every_entry_is_well_formed) {
    for (const FormatInfo& info : all_formats()) {
        SCOPED_TRACE(fourcc_name(info.fourcc));
        ASSERT_GE(info.num_planes, 1);
        ASSERT_LE(info.num_planes, 3);
        EXPECT_GE(info.hsub, 1);
        EXPECT_GE(info.vsub, 1);
        for (uint32_t k = 0; k < max_planes; ++k) {
            const bool used = k < info.num_planes;
            EXPECT_EQ(info.blocks[k].width > 0, used);
            EXPECT_EQ(info.blocks[k].height > 0, used);
        }
        EXPECT_TRUE(info.is_yuv || (info.hsub == 1 && info.vsub == 1));
        EXPECT_FALSE(info.is_yuv && info.depth != 0);
    }
}

TEST(Format, unknown_is_null) {
    EXPECT_EQ(find_format(0), nullptr);
    EXPECT_EQ(find_format(fourcc_code('Z', 'Z', '9', '9')), nullptr);
    EXPECT_EQ(find_format(std::numeric_limits<uint32_t>::max()), nullptr);
}

TEST(Format, header_formats_that_the_core_lacks_are_null) {
    for (uint32_t fourcc :
         {DRM_FORMAT_R16, DRM_FORMAT_RG88, DRM_FORMAT_GR88, DRM_FORMAT_RG1616, DRM_FORMAT_GR1616}) {
        EXPECT_EQ(find_format(fourcc), nullptr) << fourcc_name(fourcc);
    }
}

TEST(Format, big_endian_is_unknown) {
    EXPECT_EQ(find_format(DRM_FORMAT_XRGB8888 | DRM_FORMAT_BIG_ENDIAN), nullptr);
}

TEST(Format, pitch_of_whole_byte_pixels) {
    EXPECT_EQ(min_pitch(*find_format(DRM_FORMAT_XRGB8888), 0, 1024), 4096U);
    EXPECT_EQ(min_pitch(*find_format(DRM_FORMAT_RGB888), 0, 1023), 3069U);
    EXPECT_EQ(min_pitch(*find_format(DRM_FORMAT_ARGB16161616), 0, 8192), 65536U);
}

TEST(Format, pitch_of_sub_byte_pixels_rounds_up) {
    EXPECT_EQ(min_pitch(*find_format(DRM_FORMAT_C1), 0, 9), 2U);
    EXPECT_EQ(min_pitch(*find_format(DRM_FORMAT_R2), 0, 5), 2U);
    EXPECT_EQ(min_pitch(*find_format(DRM_FORMAT_D4), 0, 3), 2U);
}

TEST(Format, pitch_of_groups_rounds_up_to_bytes) {
    EXPECT_EQ(min_pitch(*find_format(DRM_FORMAT_NV15), 0, 1), 2U);
    EXPECT_EQ(min_pitch(*find_format(DRM_FORMAT_NV15), 1, 8), 10U);
    EXPECT_EQ(min_pitch(*find_format(DRM_FORMAT_P030), 0, 96), 128U);
    EXPECT_EQ(min_pitch(*find_format(DRM_FORMAT_P030), 1, 96), 128U);
    EXPECT_EQ(min_pitch(*find_format(DRM_FORMAT_X0L2), 0, 64), 128U);
}

TEST(Format, pitch_does_not_overflow) {
    constexpr uint32_t width = std::numeric_limits<uint32_t>::max();
    EXPECT_EQ(min_pitch(*find_format(DRM_FORMAT_ARGB16161616), 0, width), uint64_t{width} * 8);
    EXPECT_EQ(plane_width(*find_format(DRM_FORMAT_NV12), 1, width), 0x80000000U);
}

TEST(Format, pitch_of_layouts_only_a_modifier_knows_is_zero) {
    EXPECT_EQ(min_pitch(*find_format(DRM_FORMAT_YUV420_8BIT), 0, 640), 0U);
    EXPECT_EQ(find_format(DRM_FORMAT_VUY101010)->blocks[0].bytes, 0);
}

TEST(Format, sub_sampled_sizes_round_up) {
    const FormatInfo& nv12 = *find_format(DRM_FORMAT_NV12);
    EXPECT_EQ(plane_width(nv12, 0, 641), 641U);
    EXPECT_EQ(plane_width(nv12, 1, 641), 321U);
    EXPECT_EQ(plane_height(nv12, 1, 481), 241U);
    EXPECT_EQ(min_pitch(nv12, 1, 641), 642U);
    const FormatInfo& yuv410 = *find_format(DRM_FORMAT_YUV410);
    EXPECT_EQ(plane_width(yuv410, 2, 9), 3U);
    EXPECT_EQ(plane_height(yuv410, 2, 9), 3U);
}

TEST(Format, name_shows_the_four_letters) {
    EXPECT_EQ(fourcc_name(DRM_FORMAT_XRGB8888), "XR24");
    EXPECT_EQ(fourcc_name(DRM_FORMAT_C8), "C8  ");
}

TEST(Format, name_escapes_what_cannot_be_printed) {
    EXPECT_EQ(fourcc_name(DRM_FORMAT_XRGB8888 | DRM_FORMAT_BIG_ENDIAN), "XR2\\xb4");
    EXPECT_EQ(fourcc_name(0), "\\x00\\x00\\x00\\x00");
}

TEST(Format, legacy_pairs_map_to_formats_of_that_depth) {
    struct Pair {
        uint32_t bpp, depth, fourcc;
    };
    for (const Pair& pair :
         {Pair{1, 1, DRM_FORMAT_C1}, Pair{2, 2, DRM_FORMAT_C2}, Pair{4, 4, DRM_FORMAT_C4},
          Pair{8, 8, DRM_FORMAT_C8}, Pair{16, 15, DRM_FORMAT_XRGB1555},
          Pair{16, 16, DRM_FORMAT_RGB565}, Pair{24, 24, DRM_FORMAT_RGB888},
          Pair{32, 24, DRM_FORMAT_XRGB8888}, Pair{32, 30, DRM_FORMAT_XRGB2101010},
          Pair{32, 32, DRM_FORMAT_ARGB8888}}) {
        EXPECT_EQ(legacy_format(pair.bpp, pair.depth), pair.fourcc);
        EXPECT_EQ(find_format(pair.fourcc)->depth, pair.depth);
    }
}

TEST(Format, other_legacy_pairs_are_refused) {
    EXPECT_FALSE(legacy_format(32, 16));
    EXPECT_FALSE(legacy_format(24, 32));
    EXPECT_FALSE(legacy_format(16, 0));
    EXPECT_FALSE(legacy_format(0, 0));
}

}  // namespace
}  // namespace plugboard::drm
