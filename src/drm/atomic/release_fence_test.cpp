// Flips whose old picture is still read when they happen: who waits is told when it no longer is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "device/explainer/explainer.h"
#include "drm/atomic/commit_fixture.h"

namespace plugboard::drm::atomic {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class ReleaseFence : public CommitTest {
  protected:
    ReleaseFence() { board.replace_after(release); }
    ~ReleaseFence() override {
        release->signal();
        board.replace_after(std::nullopt);
    }

    /// A flip that has happened at the vblank it gives.
    VblankCount flip_at_vblank(uint64_t user_data = 0) {
        EXPECT_EQ(flip(board.crtc(), client.add_fb(), user_data), 0) << client.reason();
        board.settle();
        EXPECT_TRUE(board.vblank());
        return board.crtc().vblank().current();
    }

    /// Not now, and not while others have the time to make it so.
    template <class Predicate>
    static bool stays_false(Predicate predicate) {
        for (int i = 0; i < 20; ++i) {
            if (predicate()) return false;
            std::this_thread::sleep_for(1ms);
        }
        return true;
    }
    /// Waits until the newest commit is programmed.
    bool is_programmed() {
        return comes_true([this] {
            MutexLock lock(board.config().lock());
            const auto& newest = board.crtc().newest_commit;
            return newest && (*newest)->is_hw_done() && board.programmed().size() == 2;
        });
    }

    const Ref<Fence> release = Fence::create(
        board.clock,
        {.context = next_fence_context(), .seqno = 1, .driver = "fake", .timeline = "read"});
};

TEST_F(ReleaseFence, has_the_flip_told_with_the_vblank_at_which_it_was) {
    int32_t slot = -1;
    AtomicRequest request = show_with_out_fence(client.add_fb(), slot);
    request.flags(DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT);
    ASSERT_EQ(request.call(client), 0) << client.reason();
    const UniqueFd fd(slot);
    board.settle();
    ASSERT_TRUE(board.vblank());
    const VblankCount at = board.crtc().vblank().current();
    ASSERT_TRUE(board.vblank());
    EXPECT_EQ(client.event_count(), 0u);
    EXPECT_FALSE(is_readable(slot));
    EXPECT_FALSE(board.worker().is_idle());
    release->signal();
    const auto events = client.vblank_events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].sequence, at.sequence);
    const auto fence = board.model.service<SpecialFiles>().import_fence(fd);
    ASSERT_TRUE(fence.ok());
    EXPECT_EQ((*fence)->status(), 1);
    EXPECT_EQ((*fence)->timestamp(), at.time);
    board.drain();
}

TEST_F(ReleaseFence, that_has_signalled_holds_nothing_up) {
    release->signal();
    flip_at_vblank();
    EXPECT_EQ(client.event_count(), 1u);
    board.drain();
}

TEST_F(ReleaseFence, holds_up_the_next_commit_but_not_its_call) {
    flip_at_vblank(1);
    const size_t programmed = board.programmed().size();
    ASSERT_EQ(flip(board.crtc(), client.add_fb(), 2), 0) << client.reason();
    EXPECT_EQ(flip(board.crtc(), client.add_fb(), 3), EBUSY);
    ASSERT_TRUE(board.vblank());
    EXPECT_EQ(board.programmed().size(), programmed);
    release->signal();
    board.settle();
    EXPECT_EQ(board.programmed().size(), programmed + 1);
    ASSERT_TRUE(board.vblank());
    const auto events = client.vblank_events();
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].user_data, 1u);
    EXPECT_EQ(events[1].user_data, 2u);
    EXPECT_EQ(events[1].sequence, events[0].sequence + 2);
    board.drain();
}

TEST_F(ReleaseFence, holds_up_a_blocking_call) {
    AtomicRequest request;
    request.set(board.primary(), p().fb_id, client.add_fb());
    Waiting waiting(client, [&] { return request.call(client); });
    board.settle();
    ASSERT_TRUE(board.vblank());
    EXPECT_TRUE(stays_false([&] { return waiting.has_returned(); }));
    release->signal();
    EXPECT_EQ(waiting.result(), 0) << client.reason();
}

TEST_F(ReleaseFence, holds_up_a_cursors_call_which_nobody_is_told_of) {
    drm_mode_cursor cursor{};
    cursor.flags = DRM_MODE_CURSOR_BO;
    cursor.crtc_id = raw(board.crtc().id());
    cursor.width = cursor.height = 64;
    cursor.handle = client.make_buffer(64, 64);
    Waiting waiting(client, [&] { return client.ioctl(DRM_IOCTL_MODE_CURSOR, &cursor); });
    ASSERT_TRUE(is_programmed());
    EXPECT_TRUE(stays_false([&] { return waiting.has_returned(); }));
    EXPECT_EQ(board.worker().pending_count(), 1u);
    release->signal();
    EXPECT_EQ(waiting.result(), 0) << client.reason();
    board.drain();
}

TEST_F(ReleaseFence, holds_up_the_event_of_a_CRTC_that_goes_off) {
    AtomicRequest off;
    off.set(board.crtc(), p().active, 0)
        .flags(DRM_MODE_ATOMIC_ALLOW_MODESET | DRM_MODE_PAGE_FLIP_EVENT);
    Waiting waiting(client, [&] { return off.call(client); });
    ASSERT_TRUE(is_programmed());
    EXPECT_TRUE(stays_false([&] { return client.event_count() != 0; }));
    release->signal();
    EXPECT_EQ(waiting.result(), 0) << client.reason();
    EXPECT_EQ(client.event_count(), 1u);
}

TEST_F(ReleaseFence, that_never_signals_does_not_hold_up_an_unplug) {
    const VblankCount at = flip_at_vblank();
    board.unplug();
    const auto events = client.vblank_events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].sequence, at.sequence);
    EXPECT_EQ(board.worker().pending_count(), 0u);
    release->signal();
    EXPECT_EQ(client.event_count(), 0u) << "told twice";
}

TEST_F(ReleaseFence, leaves_a_flip_before_the_unplug_its_success) {
    int32_t slot = -1;
    AtomicRequest request = show_with_out_fence(client.add_fb(), slot);
    ASSERT_EQ(request.flags(DRM_MODE_ATOMIC_NONBLOCK).call(client), 0) << client.reason();
    const UniqueFd fd(slot);
    board.settle();
    ASSERT_TRUE(board.vblank());
    board.unplug();
    EXPECT_EQ(board.model.service<SpecialFiles>().import_fence(fd).value()->status(), 1);
}

TEST_F(ReleaseFence, that_signals_while_the_device_is_unplugged_has_it_told_once) {
    for (int round = 0; round < 20; ++round) {
        Board other;
        Client its(other);
        ASSERT_EQ(its.set_crtc(its.add_fb()), 0) << its.reason();
        other.drain();
        const Ref<Fence> ends = Fence::create(other.clock, {});
        other.replace_after(ends);
        drm_mode_crtc_page_flip argument{raw(other.crtc().id()), its.add_fb(),
                                         DRM_MODE_PAGE_FLIP_EVENT, 0, 0};
        ASSERT_EQ(its.ioctl(DRM_IOCTL_MODE_PAGE_FLIP, &argument), 0) << its.reason();
        other.settle();
        ASSERT_TRUE(other.vblank());
        std::thread signaller([&] { ends->signal(); });
        other.unplug();
        signaller.join();
        EXPECT_EQ(its.event_count(), 1u);
    }
}

// Else the event would come after the hang-up, and nobody would read it.
TEST_F(ReleaseFence, an_unplug_waits_for_who_tells_of_it) {
    flip_at_vblank();
    std::atomic<bool> is_telling{false}, may_tell{false}, is_unplugged{false};
    client.events().before_each([&] {
        is_telling = true;
        while (!may_tell) std::this_thread::yield();
    });
    std::thread teller([&] { release->signal(); });
    ASSERT_TRUE(comes_true([&] { return is_telling.load(); }));
    std::thread unplug([&] {
        board.unplug();
        is_unplugged = true;
    });
    EXPECT_TRUE(stays_false([&] { return is_unplugged.load(); }));
    may_tell = true;
    teller.join();
    unplug.join();
    EXPECT_EQ(client.event_count(), 1u);
}

TEST_F(ReleaseFence, whose_event_pulls_the_card_is_told) {
    flip_at_vblank();
    client.events().before_each([&] { board.unplug(); });
    release->signal();
    EXPECT_EQ(board.worker().pending_count(), 0u);
}

TEST_F(ReleaseFence, that_comes_after_ten_seconds_has_the_flip_told_all_the_same) {
    flip_at_vblank();
    board.clock.advance(11s);
    EXPECT_TRUE(stays_false([&] { return board.worker().pending_count() == 0; }));
    release->signal();
    EXPECT_EQ(client.event_count(), 1u);
    board.drain();
}

TEST_F(ReleaseFence, an_unplug_ends_the_wait_of_who_steps_the_time) {
    flip_at_vblank();
    ThreadSleeper sleeper(board.clock);
    std::atomic<bool> is_idle{false};
    std::thread stepper([&] {
        wait_until(sleeper, board.worker().idle_queue(), [&] { return board.worker().is_idle(); });
        is_idle = true;
    });
    EXPECT_TRUE(stays_false([&] { return is_idle.load(); }));
    board.unplug();
    EXPECT_TRUE(comes_true([&] { return is_idle.load(); }));
    sleeper.interrupt();
    stepper.join();
}

TEST_F(ReleaseFence, is_named_as_what_the_commit_waits_for) {
    flip_at_vblank();
    EXPECT_THAT(device::Graph::capture().explain(release->label()), HasSubstr("release fence"));
    release->signal();
    board.drain();
}

}  // namespace
}  // namespace plugboard::drm::atomic
