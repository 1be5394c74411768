// How commits wait for each other: which is busy, which queues, and in what order they end.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "drm/atomic/commit_fixture.h"

namespace plugboard::drm::atomic {
namespace {

using namespace std::chrono_literals;

TEST_F(CommitTest, second_flip_before_the_vblank_is_busy) {
    const uint32_t fb = client.add_fb();
    ASSERT_EQ(flip(board.crtc(), fb), 0);
    EXPECT_EQ(flip(board.crtc(), fb), EBUSY);
    EXPECT_NE(client.reason().find("has not flipped yet"), std::string::npos) << client.reason();
    drm_mode_crtc_page_flip silent{raw(board.crtc().id()), fb, 0, 0, 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_PAGE_FLIP, &silent), EBUSY);
    board.drain();
    EXPECT_EQ(flip(board.crtc(), fb), 0);
    board.drain();
    EXPECT_EQ(client.event_count(), 2u);
}

TEST_F(CommitTest, who_has_seen_the_event_is_not_busy) {
    const uint32_t fb = client.add_fb();
    for (int i = 0; i < 50; i++) {
        ASSERT_EQ(flip(board.crtc(), fb), 0) << client.reason();
        board.settle();
        ASSERT_TRUE(board.vblank());
        ASSERT_EQ(client.vblank_events().size(), 1u);
    }
}

TEST_F(CommitTest, test_only_is_never_busy) {
    const uint32_t fb = client.add_fb();
    ASSERT_EQ(flip(board.crtc(), fb), 0);
    AtomicRequest request;
    request.set(board.primary(), p().fb_id, fb)
        .flags(DRM_MODE_ATOMIC_TEST_ONLY | DRM_MODE_ATOMIC_NONBLOCK);
    EXPECT_EQ(request.call(client), 0);
    board.drain();
}

TEST_F(CommitTest, blocking_commit_queues_behind_a_pending_flip) {
    ASSERT_EQ(flip(board.crtc(), client.add_fb(), 1), 0);
    AtomicRequest request;
    request.set(board.primary(), p().fb_id, client.add_fb())
        .flags(DRM_MODE_PAGE_FLIP_EVENT)
        .user_data(2);
    EXPECT_EQ(request.pumped(client), 0) << client.reason();
    const auto events = client.vblank_events();
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].user_data, 1u);
    EXPECT_EQ(events[1].user_data, 2u);
    EXPECT_GT(events[1].sequence, events[0].sequence);
}

TEST_F(CommitTest, events_of_a_crtc_come_in_the_order_of_its_commits) {
    ASSERT_EQ(flip(board.crtc(), client.add_fb(), 1), 0);
    board.settle();
    // Going off sends its event at once, as soon as the worker is at it.
    AtomicRequest off;
    off.set(board.crtc(), p().active, 0)
        .flags(DRM_MODE_ATOMIC_ALLOW_MODESET | DRM_MODE_PAGE_FLIP_EVENT)
        .user_data(2);
    Waiting waiting(client, [&] { return off.call(client); });
    bool is_first = true;
    client.events().before_each([&] {
        if (std::exchange(is_first, false)) board.settle();  // what may overtake it has now
    });
    ASSERT_TRUE(board.vblank());
    EXPECT_EQ(waiting.result(), 0) << client.reason();
    const auto events = client.vblank_events();
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].user_data, 1u);
    EXPECT_EQ(events[1].user_data, 2u);
}

TEST_F(CommitTestTwoCrtcs, flip_of_one_crtc_does_not_wait_for_another_crtcs_flip) {
    AtomicRequest both;
    both.set(board.primary(0), p().fb_id, client.add_fb())
        .set(board.primary(1), p().fb_id, client.add_fb())
        .flags(DRM_MODE_ATOMIC_NONBLOCK);
    ASSERT_EQ(both.call(client), 0) << client.reason();
    board.settle();
    ASSERT_TRUE(board.vblank(0));  // and none of the other
    const size_t before = board.programmed().size();
    ASSERT_EQ(flip(board.crtc(0), client.add_fb()), 0) << client.reason();
    board.settle();
    EXPECT_EQ(board.programmed().size(), before + 1);
    ASSERT_TRUE(board.vblank(0));
    EXPECT_EQ(client.event_count(), 1u);
    board.drain();
}

TEST_F(CommitTest, cursor_call_makes_no_flip_and_no_busy) {
    const uint64_t flips = board.worker().flip_log().total();
    drm_mode_cursor cursor{};
    cursor.flags = DRM_MODE_CURSOR_BO;
    cursor.crtc_id = raw(board.crtc().id());
    cursor.width = cursor.height = 64;
    cursor.handle = client.make_buffer(64, 64);
    // No vblank is needed for it.
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CURSOR, &cursor), 0) << client.reason();
    EXPECT_EQ(board.worker().flip_log().total(), flips);
    EXPECT_EQ(flip(board.crtc(), client.add_fb()), 0) << client.reason();
    board.drain();
}

TEST_F(CommitTest, cursor_call_waits_for_a_pending_flip) {
    ASSERT_EQ(flip(board.crtc(), client.add_fb()), 0);
    board.settle();
    drm_mode_cursor move{};
    move.flags = DRM_MODE_CURSOR_MOVE;
    move.crtc_id = raw(board.crtc().id());
    move.x = 10;
    EXPECT_EQ(client.pumped(DRM_IOCTL_MODE_CURSOR, &move), 0);
    EXPECT_EQ(client.event_count(), 1u);  // the flip was first
    EXPECT_EQ(board.crtc().cursor_position.x, 10);
}

TEST_F(CommitTest, flip_that_never_comes_lets_the_next_one_go_on_after_10_s) {
    const auto old_sink = log::set_sink([](log::Category, std::string_view) {});
    ASSERT_EQ(flip(board.crtc(), client.add_fb()), 0);
    board.settle();
    board.clock.advance(10s);
    EXPECT_TRUE(comes_true([&] { return board.worker().pending_count() == 0; }));
    EXPECT_EQ(flip(board.crtc(), client.add_fb()), 0) << client.reason();
    board.drain();
    EXPECT_EQ(client.event_count(), 2u);  // the late one came after all
    log::set_sink(old_sink);
}

}  // namespace
}  // namespace plugboard::drm::atomic
