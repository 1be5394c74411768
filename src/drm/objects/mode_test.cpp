// Tests of modes: what a client may pass in, what it reads back, rates, equality.
#include "drm/objects/mode.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>

#include "tests/support/drm_modes.h"

namespace plugboard::drm {
namespace {

using tests::mode_1024x768;

Mode parsed(const std::function<void(drm_mode_modeinfo&)>& change) {
    drm_mode_modeinfo info = mode_1024x768();
    change(info);
    auto mode = Mode::from_user(info);
    EXPECT_TRUE(mode.ok());
    return *mode;
}

/// 0 if the mode is accepted.
Errno error_of(const std::function<void(drm_mode_modeinfo&)>& change) {
    drm_mode_modeinfo info = mode_1024x768();
    change(info);
    auto mode = Mode::from_user(info);
    return mode.ok() ? Errno{} : mode.error();
}

TEST(ModeFromUser, keeps_all_that_it_reads) {
    drm_mode_modeinfo info = mode_1024x768();
    info.hskew = 3;
    info.vscan = 2;
    const Mode mode = *Mode::from_user(info);
    info.vrefresh = 30;
    EXPECT_EQ(std::memcmp(&info, std::invoke([&] {
                  static drm_mode_modeinfo back;
                  back = mode.to_user(AspectBits::Hide);
                  return &back;
              }),
                          sizeof(info)),
              0);
}

TEST(ModeFromUser, clock_above_int_max_is_out_of_range) {
    EXPECT_EQ(error_of([](auto& info) { info.clock = 0x80000000; }), Errno::Range);
    EXPECT_EQ(error_of([](auto& info) { info.clock = 0x7fffffff; }), Errno{});
}

TEST(ModeFromUser, refresh_above_int_max_is_out_of_range) {
    EXPECT_EQ(error_of([](auto& info) { info.vrefresh = 0x80000000; }), Errno::Range);
    EXPECT_EQ(error_of([](auto& info) { info.vrefresh = 0x7fffffff; }), Errno{});
}

TEST(ModeFromUser, range_is_checked_before_aspect_and_timings) {
    EXPECT_EQ(error_of([](auto& info) {
                  info.clock = 0x80000000;
                  info.flags |= 5U << 19;
                  info.hdisplay = 0;
              }),
              Errno::Range);
}

TEST(ModeFromUser, unknown_aspect_ratio_is_refused) {
    for (uint32_t aspect = 0; aspect < 16; ++aspect) {
        const Errno expected = aspect <= DRM_MODE_PICTURE_ASPECT_256_135 ? Errno{} : Errno::Inval;
        EXPECT_EQ(error_of([&](auto& info) { info.flags |= aspect << 19; }), expected) << aspect;
    }
}

TEST(ModeFromUser, each_flag_bit_is_known_or_refused) {
    for (uint32_t bit = 0; bit < 32; ++bit) {
        const uint32_t flag = 1U << bit;
        if ((flag & (DRM_MODE_FLAG_PIC_AR_MASK | DRM_MODE_FLAG_3D_MASK)) != 0) continue;
        const Errno expected = (flag & DRM_MODE_FLAG_ALL) != 0 ? Errno{} : Errno::Inval;
        EXPECT_EQ(error_of([&](auto& info) { info.flags = flag; }), expected) << bit;
    }
    EXPECT_EQ(error_of([](auto& info) { info.flags = DRM_MODE_FLAG_BCAST; }), Errno::Inval);
    EXPECT_EQ(error_of([](auto& info) { info.flags = DRM_MODE_FLAG_PIXMUX; }), Errno::Inval);
}

TEST(ModeFromUser, stereo_layout_above_the_highest_is_refused) {
    for (uint32_t layout = 0; layout < 32; ++layout) {
        const Errno expected = layout <= 8 ? Errno{} : Errno::Inval;
        EXPECT_EQ(error_of([&](auto& info) { info.flags = layout << 14; }), expected) << layout;
    }
}

TEST(ModeFromUser, zero_clock_or_size_is_refused) {
    EXPECT_EQ(error_of([](auto& info) { info.clock = 0; }), Errno::Inval);
    EXPECT_EQ(error_of([](auto& info) { info.hdisplay = 0; }), Errno::Inval);
    EXPECT_EQ(error_of([](auto& info) { info.vdisplay = 0; }), Errno::Inval);
}

TEST(ModeFromUser, timings_out_of_order_are_refused) {
    EXPECT_EQ(error_of([](auto& info) { info.hsync_start = 1023; }), Errno::Inval);
    EXPECT_EQ(error_of([](auto& info) { info.hsync_end = 1047; }), Errno::Inval);
    EXPECT_EQ(error_of([](auto& info) { info.htotal = 1183; }), Errno::Inval);
    EXPECT_EQ(error_of([](auto& info) { info.vsync_start = 767; }), Errno::Inval);
    EXPECT_EQ(error_of([](auto& info) { info.vsync_end = 770; }), Errno::Inval);
    EXPECT_EQ(error_of([](auto& info) { info.vtotal = 776; }), Errno::Inval);
}

TEST(ModeFromUser, timings_without_blanking_are_accepted) {
    const auto no_blanking = [](auto& info) {
        info.hsync_start = info.hsync_end = info.htotal = info.hdisplay;
        info.vsync_start = info.vsync_end = info.vtotal = info.vdisplay;
    };
    EXPECT_EQ(error_of(no_blanking), Errno{});
}

TEST(ModeFromUser, interlaced_and_doublescan_are_accepted) {
    EXPECT_EQ(error_of([](auto& info) { info.flags |= DRM_MODE_FLAG_INTERLACE; }), Errno{});
    EXPECT_EQ(error_of([](auto& info) { info.flags |= DRM_MODE_FLAG_DBLSCAN; }), Errno{});
}

TEST(ModeFromUser, unknown_type_bits_are_dropped) {
    EXPECT_EQ(parsed([](auto& info) { info.type = 0xffffffff; }).type(), 0x68U);
}

TEST(ModeFromUser, name_is_cut_to_thirty_one_bytes) {
    const Mode mode = parsed([](auto& info) { std::memset(info.name, 'x', sizeof(info.name)); });
    EXPECT_EQ(mode.name(), std::string(31, 'x'));
}

TEST(ModeFromUser, bytes_behind_the_name_do_not_come_back) {
    const Mode mode = parsed([](auto& info) { std::memcpy(info.name, "a\0b", 4); });
    EXPECT_EQ(mode.to_user(AspectBits::Hide).name[2], '\0');
}

TEST(ModeFromUser, empty_name_stays_empty) {
    EXPECT_EQ(parsed([](auto& info) { info.name[0] = '\0'; }).name(), "");
}

TEST(ModeToUser, shows_aspect_bits_only_where_they_are_wanted) {
    const Mode mode = parsed([](auto& info) { info.flags |= DRM_MODE_FLAG_PIC_AR_64_27; });
    EXPECT_EQ(mode.aspect(), AspectRatio::Ratio64To27);
    EXPECT_EQ(mode.to_user(AspectBits::Show).flags,
              mode_1024x768().flags | DRM_MODE_FLAG_PIC_AR_64_27);
    EXPECT_EQ(mode.to_user(AspectBits::Hide).flags, mode_1024x768().flags);
    EXPECT_TRUE(has_aspect_bits(mode.to_user(AspectBits::Show)));
    EXPECT_FALSE(has_aspect_bits(mode.to_user(AspectBits::Hide)));
}

TEST(ModeToUser, refresh_is_computed_not_echoed) {
    EXPECT_EQ(parsed([](auto& info) { info.vrefresh = 999; }).to_user(AspectBits::Hide).vrefresh,
              60U);
}

TEST(ModeRefresh, counts_fields_and_repeated_lines) {
    EXPECT_EQ(parsed([](auto&) {}).vrefresh(), 60U);
    EXPECT_EQ(parsed([](auto& info) { info.flags |= DRM_MODE_FLAG_INTERLACE; }).vrefresh(), 120U);
    EXPECT_EQ(parsed([](auto& info) { info.flags |= DRM_MODE_FLAG_DBLSCAN; }).vrefresh(), 30U);
    EXPECT_EQ(parsed([](auto& info) { info.vscan = 3; }).vrefresh(), 20U);
    EXPECT_EQ(parsed([](auto& info) { info.vscan = 1; }).vrefresh(), 60U);
}

TEST(ModeRefresh, is_rounded_to_the_nearest) {
    const auto with_clock = [](uint32_t clock) {
        return parsed([&](auto& info) {
                   info.clock = clock;
                   info.htotal = 2000;
                   info.vtotal = 1000;
               })
            .vrefresh();
    };
    EXPECT_EQ(with_clock(120'999), 60U);
    EXPECT_EQ(with_clock(121'000), 61U);
}

TEST(ModeRefresh, extremes_do_not_overflow) {
    const Mode fast = parsed([](auto& info) { info.clock = 0x7fffffff; });
    EXPECT_EQ(fast.vrefresh(), 1982419U);
    const Mode slow = parsed([](auto& info) {
        info.clock = 1;
        info.htotal = info.vtotal = info.vscan = 0xffff;
        info.flags |= DRM_MODE_FLAG_DBLSCAN;
    });
    EXPECT_EQ(slow.vrefresh(), 0U);
    EXPECT_EQ(slow.frame_duration_ns(), 65535ULL * 65535 * 1'000'000);
}

TEST(ModeFrameDuration, is_exact_and_half_when_interlaced) {
    EXPECT_EQ(parsed([](auto&) {}).frame_duration_ns(), 16665600U);
    EXPECT_EQ(parsed([](auto& info) { info.flags |= DRM_MODE_FLAG_INTERLACE; }).frame_duration_ns(),
              8332800U);
}

TEST(ModeFrameDuration, never_below_100_us_whatever_the_timings_say) {
    const Mode fast = parsed([](auto& info) {
        info.clock = 0x7fffffff;
        info.hdisplay = info.hsync_start = info.hsync_end = info.htotal = 20;
        info.vdisplay = info.vsync_start = info.vsync_end = info.vtotal = 20;
        info.flags |= DRM_MODE_FLAG_INTERLACE;
    });
    EXPECT_EQ(fast.frame_duration_ns(), 100'000U);
}

TEST(ModeEquality, name_and_type_do_not_count) {
    const Mode mode = parsed([](auto&) {});
    EXPECT_EQ(mode, parsed([](auto& info) { std::strcpy(info.name, "other"); }));
    EXPECT_EQ(mode, parsed([](auto& info) { info.type = DRM_MODE_TYPE_USERDEF; }));
    EXPECT_EQ(mode, parsed([](auto& info) { info.vrefresh = 1; }));
}

TEST(ModeEquality, everything_else_counts) {
    const Mode mode = parsed([](auto&) {});
    EXPECT_NE(mode, parsed([](auto& info) { info.clock += 500; }));
    EXPECT_NE(mode, parsed([](auto& info) { info.hsync_start += 1; }));
    EXPECT_NE(mode, parsed([](auto& info) { info.vtotal += 1; }));
    EXPECT_NE(mode, parsed([](auto& info) { info.hskew = 1; }));
    EXPECT_NE(mode, parsed([](auto& info) { info.vscan = 1; }));
    EXPECT_NE(mode, parsed([](auto& info) { info.flags = DRM_MODE_FLAG_PHSYNC; }));
    EXPECT_NE(mode, parsed([](auto& info) { info.flags |= DRM_MODE_FLAG_PIC_AR_4_3; }));
}

TEST(ModeCreate, names_a_mode_after_its_size) {
    ModeTimings timings = parsed([](auto&) {}).timings();
    EXPECT_EQ(Mode::create(timings)->name(), "1024x768");
    timings.flags |= DRM_MODE_FLAG_INTERLACE;
    EXPECT_EQ(Mode::create(timings)->name(), "1024x768i");
    EXPECT_EQ(Mode::create(timings, "mine")->name(), "mine");
}

TEST(ModeCreate, refuses_what_from_user_refuses) {
    ModeTimings timings = parsed([](auto&) {}).timings();
    timings.clock_khz = 0x80000000;
    EXPECT_EQ(Mode::create(timings).error(), Errno::Range);
    timings.clock_khz = 0;
    EXPECT_EQ(Mode::create(timings).error(), Errno::Inval);
}

TEST(ModeType, preferred_can_be_set_and_cleared) {
    Mode mode = parsed([](auto&) {});
    mode.set_preferred(true);
    EXPECT_EQ(mode.type(), 0x48U);
    mode.set_preferred(false);
    EXPECT_EQ(mode.type(), 0x40U);
}

}  // namespace
}  // namespace plugboard::drm
