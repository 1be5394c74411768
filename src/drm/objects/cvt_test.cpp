// Tests of CVT timings against libxcvt: fixed values, and live over a grid where it is installed.
#include "drm/objects/cvt.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>

#if __has_include(<libxcvt/libxcvt.h>)
#include <libxcvt/libxcvt.h>
#define PLUGBOARD_HAVE_LIBXCVT 1
#endif

namespace plugboard::drm {
namespace {

constexpr uint32_t cvt_flags = DRM_MODE_FLAG_NHSYNC | DRM_MODE_FLAG_PVSYNC;

ModeTimings timings(uint32_t clock_khz, std::array<uint16_t, 4> h, std::array<uint16_t, 4> v) {
    return {.clock_khz = clock_khz,
            .hdisplay = h[0],
            .hsync_start = h[1],
            .hsync_end = h[2],
            .htotal = h[3],
            .vdisplay = v[0],
            .vsync_start = v[1],
            .vsync_end = v[2],
            .vtotal = v[3],
            .flags = cvt_flags};
}

TEST(Cvt, gives_the_numbers_of_the_cvt_program) {
    struct Case {
        uint32_t width, height;
        double hz;
        ModeTimings expected;
    };
    const Case cases[] = {
        {640, 480, 60, timings(23750, {640, 664, 720, 800}, {480, 483, 487, 500})},
        {1024, 768, 60, timings(63500, {1024, 1072, 1176, 1328}, {768, 771, 775, 798})},
        {1280, 720, 60, timings(74500, {1280, 1344, 1472, 1664}, {720, 723, 728, 748})},
        {1920, 1080, 60, timings(173000, {1920, 2048, 2248, 2576}, {1080, 1083, 1088, 1120})},
        {1920, 1080, 144, timings(452500, {1920, 2088, 2296, 2672}, {1080, 1083, 1088, 1177})},
        {1920, 1200, 59.94, timings(193250, {1920, 2056, 2256, 2592}, {1200, 1203, 1209, 1245})},
        {2560, 1440, 75, timings(397250, {2560, 2760, 3040, 3520}, {1440, 1443, 1448, 1506})},
        {3840, 2160, 30, timings(338750, {3840, 4080, 4488, 5136}, {2160, 2163, 2168, 2200})},
        {800, 600, 120, timings(83000, {800, 856, 936, 1072}, {600, 603, 607, 646})},
        {1680, 1050, 60, timings(146250, {1680, 1784, 1960, 2240}, {1050, 1053, 1059, 1089})},
        {1280, 1024, 60, timings(109000, {1280, 1368, 1496, 1712}, {1024, 1027, 1034, 1063})},
        {1280, 768, 60, timings(79500, {1280, 1344, 1472, 1664}, {768, 771, 781, 798})},
    };
    for (const Case& one : cases) {
        EXPECT_EQ(*cvt_timings(one.width, one.height, one.hz), one.expected)
            << one.width << "x" << one.height << "@" << one.hz;
    }
}

TEST(Cvt, mode_is_named_after_the_rounded_size) {
    const Mode mode = Mode::cvt(1366, 768, 60);
    EXPECT_EQ(mode.name(), "1360x768");
    EXPECT_EQ(mode.size(), (Size{.width = 1360, .height = 768}));
    EXPECT_EQ(mode.vrefresh(), 60U);
}

TEST(Cvt, refuses_what_no_mode_can_hold) {
    EXPECT_EQ(cvt_timings(0, 768, 60).error(), Errno::Inval);
    EXPECT_EQ(cvt_timings(7, 768, 60).error(), Errno::Inval);
    EXPECT_EQ(cvt_timings(1024, 0, 60).error(), Errno::Inval);
    EXPECT_EQ(cvt_timings(65535, 65535, 60).error(), Errno::Inval);
    EXPECT_EQ(cvt_timings(1024, 768, 0).error(), Errno::Inval);
    EXPECT_EQ(cvt_timings(1024, 768, -60).error(), Errno::Inval);
    EXPECT_EQ(cvt_timings(1024, 768, 1e9).error(), Errno::Inval);
    EXPECT_EQ(cvt_timings(1024, 768, std::numeric_limits<double>::quiet_NaN()).error(),
              Errno::Inval);
}

TEST(Cvt, what_it_gives_is_always_a_valid_mode) {
    for (uint32_t width : {8U, 16U, 100U, 1024U, 8192U, 40000U, 65535U}) {
        for (uint32_t height : {1U, 10U, 768U, 8192U, 65000U, 65535U}) {
            for (double hz : {1.0, 23.976, 60.0, 240.0, 999.0}) {
                const auto result = cvt_timings(width, height, hz);
                if (result.ok()) {
                    EXPECT_TRUE(Mode::create(*result).ok()) << width << "x" << height << "@" << hz;
                }
            }
        }
    }
}

#ifdef PLUGBOARD_HAVE_LIBXCVT
ModeTimings judge(uint32_t width, uint32_t height, double hz) {
    const std::unique_ptr<libxcvt_mode_info, decltype(&std::free)> info(
        libxcvt_gen_mode_info(static_cast<int>(width), static_cast<int>(height),
                              static_cast<float>(hz), false, false),
        &std::free);
    return timings(
        static_cast<uint32_t>(info->dot_clock),
        {static_cast<uint16_t>(info->hdisplay), info->hsync_start, info->hsync_end, info->htotal},
        {static_cast<uint16_t>(info->vdisplay), info->vsync_start, info->vsync_end, info->vtotal});
}

TEST(Cvt, agrees_with_libxcvt_over_a_grid) {
    for (uint32_t width = 320; width <= 8192; width += 62) {
        for (uint32_t height = 200; height <= 8192; height += 211) {
            for (double hz : {24.0, 30.0, 50.0, 59.94, 60.0, 75.0, 85.0, 120.0, 144.0}) {
                const auto ours = cvt_timings(width, height, hz);
                if (!ours.ok()) continue;
                ASSERT_EQ(*ours, judge(width, height, hz)) << width << "x" << height << "@" << hz;
            }
        }
    }
}

TEST(Cvt, agrees_with_libxcvt_on_sizes_of_known_aspect) {
    constexpr std::array<std::array<uint32_t, 2>, 6> ratios{
        {{4, 3}, {16, 9}, {16, 10}, {5, 4}, {15, 9}, {21, 9}}};
    for (const auto& [across, down] : ratios) {
        for (uint32_t scale = 20; scale <= 240; ++scale) {
            for (double hz : {48.0, 60.0, 100.0}) {
                const auto ours = cvt_timings(across * scale, down * scale, hz);
                ASSERT_TRUE(ours.ok());
                ASSERT_EQ(*ours, judge(across * scale, down * scale, hz))
                    << across * scale << "x" << down * scale << "@" << hz;
            }
        }
    }
}
#endif

}  // namespace
}  // namespace plugboard::drm
