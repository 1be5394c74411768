// Flips that a fault makes slow: the picture and all that is told of it come so many vblanks later.
#include <gtest/gtest.h>

#include <array>
#include <chrono>

#include "drm/atomic/commit_fixture.h"
#include "drm/fault_plan.h"

namespace plugboard::drm::atomic {
namespace {

using namespace std::chrono_literals;

class SlowFlipTest : public CommitTest {
  protected:
    void plant(FaultTrigger trigger, SlowFlip slow) {
        faults_of(board.drm()).add({.trigger = trigger, .what = slow});
    }
    bool vblank() {
        const bool came = board.vblank();
        board.settle();
        return came;
    }
};

TEST_F(SlowFlipTest, is_programmed_and_done_two_vblanks_later) {
    plant({.first = 1, .last = 1}, {.vblanks = 2});
    const size_t programmed = board.programmed().size();
    const uint64_t before = board.crtc().vblank().current().sequence;
    ASSERT_EQ(flip(board.crtc(), client.add_fb(), 7), 0);
    board.settle();
    ASSERT_TRUE(vblank());
    EXPECT_EQ(client.event_count(), 0u);
    EXPECT_EQ(board.programmed().size(), programmed) << "the old picture is shown";
    ASSERT_TRUE(vblank());
    EXPECT_EQ(client.event_count(), 0u);
    EXPECT_EQ(board.programmed().size(), programmed + 1);
    ASSERT_TRUE(vblank());
    const auto events = client.vblank_events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].sequence, static_cast<uint32_t>(before + 3));
}

TEST_F(SlowFlipTest, is_busy_until_it_is_done_and_the_next_one_is_quick) {
    plant({.first = 1, .last = 1}, {.vblanks = 1});
    ASSERT_EQ(flip(board.crtc(), client.add_fb()), 0);
    board.settle();
    ASSERT_TRUE(vblank());
    EXPECT_EQ(flip(board.crtc(), client.add_fb()), EBUSY);
    ASSERT_TRUE(vblank());
    EXPECT_EQ(client.event_count(), 1u);
    ASSERT_EQ(flip(board.crtc(), client.add_fb()), 0);
    board.settle();
    ASSERT_TRUE(vblank());
    EXPECT_EQ(client.event_count(), 2u);
}

TEST_F(SlowFlipTest, of_another_crtc_and_modesets_are_as_quick_as_ever) {
    plant({}, {.vblanks = 3, .crtc = 1});
    ASSERT_EQ(flip(board.crtc(), client.add_fb()), 0);
    board.settle();
    ASSERT_TRUE(vblank());
    EXPECT_EQ(client.event_count(), 1u);
    plant({}, {.vblanks = 3});
    const size_t programmed = board.programmed().size();
    switch_off();
    light();
    EXPECT_EQ(board.programmed().size(), programmed + 2);
    EXPECT_EQ(faults_of(board.drm()).list()[1].events, 0u);
}

TEST_F(SlowFlipTest, that_blocks_its_caller_returns_when_it_is_done) {
    plant({}, {.vblanks = 2});
    AtomicRequest request;
    request.set(board.primary(), p().fb_id, client.add_fb());
    const uint64_t before = board.crtc().vblank().current().sequence;
    EXPECT_EQ(request.pumped(client), 0) << client.reason();
    EXPECT_GE(board.crtc().vblank().current().sequence, before + 3);
}

TEST_F(SlowFlipTest, goes_on_without_vblanks_that_are_all_lost) {
    faults_of(board.drm()).add({.trigger = {}, .what = LostVblank{}});
    plant({.first = 1, .last = 1}, {.vblanks = 2});
    const size_t programmed = board.programmed().size();
    AtomicRequest request;
    request.set(board.primary(), p().fb_id, client.add_fb());
    Waiting blocked(client, [&] { return request.call(client); });
    board.settle();
    ASSERT_TRUE(vblank());
    board.clock.advance(9s);
    board.settle();
    EXPECT_EQ(board.programmed().size(), programmed);
    board.clock.advance(2s);
    board.settle();
    EXPECT_EQ(board.programmed().size(), programmed + 1);
    EXPECT_FALSE(blocked.has_returned()) << "its flip may still come";
    board.clock.advance(11s);
    EXPECT_EQ(blocked.result(), 0);
    board.settle();
    faults_of(board.drm()).clear();
    ASSERT_TRUE(vblank()) << "the one that it was held for changes nothing any more";
    ASSERT_EQ(flip(board.crtc(), client.add_fb()), 0);
    board.settle();
    ASSERT_TRUE(vblank());
    EXPECT_EQ(client.event_count(), 1u);
}

TEST_F(SlowFlipTest, ends_with_the_device) {
    plant({}, {.vblanks = 100});
    ASSERT_EQ(flip(board.crtc(), client.add_fb(), 5), 0);
    board.settle();
    ASSERT_TRUE(vblank());
    board.unplug();
    const auto events = client.vblank_events();
    ASSERT_EQ(events.size(), 1u) << "who waits for it is told";
    EXPECT_EQ(events[0].user_data, 5u);
}

}  // namespace
}  // namespace plugboard::drm::atomic
