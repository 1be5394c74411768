// Vblanks that faults make late, or lose: what is told of them is true nevertheless.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <vector>

#include "base/clock.h"
#include "drm/fault_plan.h"
#include "drm/vblank/vblank.h"

namespace plugboard::drm {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr Nanos frame = 10ms;

/// A vblank whose timer is the test, and what its observer was told.
class FaultyVblank {
  public:
    FaultyVblank() {
        vblank.set_faults(&faults, 0);
        vblank.turn_on(frame);
        vblank.set_observer([this](VblankCount at) { told.push_back({at, clock.now()}); });
        vblank.get();
        begin = vblank.current();
    }
    ~FaultyVblank() { vblank.put(); }

    void run(Nanos duration) {
        const Time end = clock.now() + duration;
        for (auto due = vblank.next_due(); due && *due <= end; due = vblank.next_due()) {
            if (*due > clock.now()) clock.advance(*due - clock.now());
            vblank.handle(*due);
        }
        clock.advance(end - clock.now());
    }
    /// Since the CRTC went on.
    std::vector<uint64_t> numbers() const {
        std::vector<uint64_t> numbers;
        for (const Told& one : told) numbers.push_back(one.at.sequence - begin.sequence);
        return numbers;
    }

    struct Told {
        VblankCount at;
        Time when;
    };
    FakeClock clock;
    FaultPlan faults{clock};
    Vblank vblank{clock};
    VblankCount begin;
    std::vector<Told> told;
};

TEST(VblankFault, a_lost_one_is_told_nobody_and_the_next_one_jumps) {
    FaultyVblank crtc;
    crtc.faults.add({.trigger = {.first = 2, .last = 3}, .what = LostVblank{}});
    crtc.run(5 * frame);
    EXPECT_THAT(crtc.numbers(), ElementsAre(1u, 4u, 5u));
    EXPECT_EQ(crtc.told[1].at.time, crtc.begin.time + 4 * frame);
    EXPECT_EQ(crtc.faults.list()[0].hits, 2u);
}

TEST(VblankFault, who_waits_for_a_lost_one_is_told_of_the_next) {
    FaultyVblank crtc;
    crtc.faults.add({.trigger = {.first = 1, .last = 1}, .what = LostVblank{}});
    uint64_t got = 0;
    ASSERT_TRUE(crtc.vblank.arm([&](VblankCount at) { got = at.sequence; }));
    crtc.run(frame);
    EXPECT_EQ(got, 0u);
    crtc.run(frame);
    EXPECT_EQ(got, crtc.begin.sequence + 2);
}

TEST(VblankFault, a_late_one_is_told_later_with_its_own_number_and_time) {
    FaultyVblank crtc;
    crtc.faults.add({.trigger = {.first = 2, .last = 2}, .what = LateVblank{.by = 4ms}});
    crtc.run(3 * frame);
    EXPECT_THAT(crtc.numbers(), ElementsAre(1u, 2u, 3u));
    EXPECT_EQ(crtc.told[1].at.time, crtc.begin.time + 2 * frame);
    EXPECT_EQ(crtc.told[1].when, crtc.begin.time + 2 * frame + 4ms);
    EXPECT_EQ(crtc.told[2].when, crtc.begin.time + 3 * frame) << "the next is in time again";
}

TEST(VblankFault, one_that_is_late_by_more_than_a_frame_is_the_newest_by_then) {
    FaultyVblank crtc;
    crtc.faults.add({.trigger = {.first = 1, .last = 1}, .what = LateVblank{.by = 25ms}});
    crtc.run(4 * frame);
    EXPECT_THAT(crtc.numbers(), ElementsAre(3u, 4u));
    EXPECT_EQ(crtc.told[0].at.time, crtc.begin.time + 3 * frame);
}

TEST(VblankFault, of_another_crtc_changes_nothing) {
    FaultyVblank crtc;
    crtc.faults.add({.trigger = {}, .what = LostVblank{.crtc = 1}});
    crtc.run(2 * frame);
    EXPECT_THAT(crtc.numbers(), ElementsAre(1u, 2u));
}

TEST(VblankFault, that_loses_all_leaves_the_count_right_for_who_asks_after_a_rest) {
    FaultyVblank crtc;
    crtc.faults.add({.trigger = {}, .what = LostVblank{}});
    crtc.run(100 * frame);
    EXPECT_TRUE(crtc.told.empty());
    crtc.faults.clear();
    crtc.run(frame);
    EXPECT_THAT(crtc.numbers(), ElementsAre(101u));
}

TEST(VblankFault, going_off_tells_those_who_wait) {
    FaultyVblank crtc;
    crtc.faults.add({.trigger = {}, .what = LateVblank{.by = 5ms}});
    bool told = false;
    ASSERT_TRUE(crtc.vblank.arm([&](VblankCount) { told = true; }));
    crtc.run(frame);
    EXPECT_FALSE(told);
    crtc.vblank.turn_off();
    EXPECT_TRUE(told);
    EXPECT_EQ(crtc.vblank.next_due(), std::nullopt);
}

TEST(VblankFault, a_flip_armed_while_one_is_late_waits_for_the_next) {
    FaultyVblank crtc;
    crtc.faults.add({.trigger = {.first = 1, .last = 1}, .what = LateVblank{.by = 8ms}});
    crtc.run(frame + 3ms);
    const Time armed = crtc.clock.now();
    VblankCount got;
    ASSERT_TRUE(crtc.vblank.arm([&](VblankCount at) { got = at; }));
    crtc.run(6ms);
    EXPECT_THAT(crtc.numbers(), ElementsAre(1u));
    EXPECT_EQ(got.sequence, 0u) << "that one was before the flip";
    crtc.run(frame);
    EXPECT_EQ(got.sequence, crtc.begin.sequence + 2);
    EXPECT_GE(got.time, armed);
}

TEST(VblankFault, a_flip_armed_while_one_is_late_by_frames_comes_with_the_newest_by_then) {
    FaultyVblank crtc;
    crtc.faults.add({.trigger = {.first = 1, .last = 1}, .what = LateVblank{.by = 25ms}});
    crtc.run(frame + 3ms);
    VblankCount got;
    ASSERT_TRUE(crtc.vblank.arm([&](VblankCount at) { got = at; }));
    crtc.run(3 * frame);
    EXPECT_EQ(got.sequence, crtc.begin.sequence + 3);
    EXPECT_EQ(got.time, crtc.begin.time + 3 * frame);
}

/// Of a rate that varies: from `frame` on, up to 25 ms.
class VaryingVblank : public FaultyVblank {
  public:
    VaryingVblank() {
        vblank.set_longest(25ms);
        run(frame);  // due from the time when it did not vary yet
        begin = vblank.current();
        told.clear();
    }
    void lose_first() { faults.add({.trigger = {.first = 1, .last = 1}, .what = LostVblank{}}); }
};

TEST(VblankFault, of_a_rate_that_varies_the_next_is_a_period_after_one_that_was_lost) {
    VaryingVblank crtc;
    crtc.lose_first();
    crtc.run(26ms);
    VblankCount got;
    ASSERT_TRUE(crtc.vblank.arm([&](VblankCount at) { got = at; }));
    crtc.run(8ms);
    EXPECT_EQ(got.sequence, 0u);
    crtc.run(1ms);
    EXPECT_EQ(got.sequence, crtc.begin.sequence + 2);
    EXPECT_EQ(got.time, crtc.begin.time + 25ms + frame);
}

TEST(VblankFault, of_a_rate_that_varies_a_flip_whose_vblank_is_lost_waits_a_period) {
    VaryingVblank crtc;
    crtc.lose_first();
    crtc.run(12ms);
    VblankCount got;
    ASSERT_TRUE(crtc.vblank.arm([&](VblankCount at) { got = at; }));
    crtc.run(frame);
    EXPECT_EQ(got.sequence, crtc.begin.sequence + 2);
    EXPECT_EQ(got.time, crtc.begin.time + 12ms + frame);
}

TEST(VblankFault, of_a_rate_that_varies_a_flip_armed_while_one_is_late_waits_a_period) {
    VaryingVblank crtc;
    crtc.faults.add({.trigger = {.first = 1, .last = 1}, .what = LateVblank{.by = 4ms}});
    crtc.run(26ms);
    VblankCount got;
    ASSERT_TRUE(crtc.vblank.arm([&](VblankCount at) { got = at; }));
    crtc.run(3ms);
    EXPECT_THAT(crtc.numbers(), ElementsAre(1u));
    EXPECT_EQ(crtc.vblank.next_due(), crtc.begin.time + 25ms + frame);
    crtc.run(frame);
    EXPECT_EQ(got.sequence, crtc.begin.sequence + 2);
}

RC_GTEST_PROP(VblankFault, of_a_rate_that_varies_keeps_the_periods_and_shows_nothing_early, ()) {
    VaryingVblank crtc;
    Fault fault;
    fault.trigger.first = *rc::gen::inRange<uint64_t>(1, 5);
    fault.trigger.every = *rc::gen::inRange<uint64_t>(1, 4);
    if (*rc::gen::arbitrary<bool>()) {
        fault.what = LostVblank{};
    } else {
        fault.what = LateVblank{.by = std::chrono::milliseconds(*rc::gen::inRange(1, 40))};
    }
    crtc.faults.add(fault);
    for (int i = 0; i < 20; ++i) {
        const Time armed = crtc.clock.now();
        const auto is_in_time = [armed](VblankCount at) { RC_ASSERT(at.time >= armed); };
        if (*rc::gen::arbitrary<bool>()) {
            RC_ASSERT(crtc.vblank.arm(is_in_time));
        } else {
            RC_ASSERT(crtc.vblank.watch_next(is_in_time));
        }
        crtc.run(std::chrono::milliseconds(*rc::gen::inRange(1, 30)));
    }
    VblankCount last = crtc.begin;
    for (const auto& [at, when] : crtc.told) {
        const auto frames = static_cast<int64_t>(at.sequence - last.sequence);
        RC_ASSERT(frames > 0);
        RC_ASSERT(at.time - last.time >= frames * frame);
        RC_ASSERT(at.time - last.time <= frames * Nanos(25ms));
        RC_ASSERT(when >= at.time);
        last = at;
    }
}

RC_GTEST_PROP(VblankFault, never_lies, ()) {
    FaultyVblank crtc;
    const auto count = *rc::gen::inRange(1, 4);
    for (int i = 0; i < count; ++i) {
        Fault fault;
        fault.trigger.first = *rc::gen::inRange<uint64_t>(1, 5);
        fault.trigger.every = *rc::gen::inRange<uint64_t>(1, 4);
        if (*rc::gen::arbitrary<bool>()) {
            fault.what = LostVblank{};
        } else {
            fault.what = LateVblank{.by = std::chrono::milliseconds(*rc::gen::inRange(1, 40))};
        }
        crtc.faults.add(fault);
    }
    for (int i = 0; i < 10; ++i) crtc.run(std::chrono::milliseconds(*rc::gen::inRange(1, 60)));
    VblankCount last = crtc.begin;
    for (const auto& [at, when] : crtc.told) {
        const auto frames = static_cast<int64_t>(at.sequence - last.sequence);
        RC_ASSERT(frames > 0);
        RC_ASSERT(at.time - last.time == frames * frame);
        RC_ASSERT(when >= at.time);
        last = at;
    }
}

}  // namespace
}  // namespace plugboard::drm
