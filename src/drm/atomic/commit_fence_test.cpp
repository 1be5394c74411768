// Commits that wait for fences, and the fences that they give.
#include <gtest/gtest.h>

#include "drm/atomic/commit_fixture.h"

namespace plugboard::drm::atomic {
namespace {

TEST_F(CommitTestTwoCrtcs, one_crtc_flips_while_the_other_waits_for_a_fence) {
    Timeline timeline(board);
    UniqueFd fence = timeline.fence(1);
    AtomicRequest stuck = show_behind(fence, client.add_fb());
    stuck.flags(DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT).user_data(1000);
    ASSERT_EQ(stuck.call(client), 0) << client.reason();
    fence.reset();
    const uint32_t fb = client.add_fb();
    for (int i = 0; i < 60; i++) {
        ASSERT_EQ(flip(board.crtc(1), fb, 1), 0) << client.reason();
        board.settle();
        ASSERT_TRUE(board.vblank(1));
        board.settle();
    }
    EXPECT_EQ(client.vblank_events().size(), 60u);
    EXPECT_EQ(flip(board.crtc(0), fb), EBUSY);
    timeline.advance(1);
    board.drain();
    const auto events = client.vblank_events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].user_data, 1000u);
}

TEST_F(CommitTest, nonblocking_commit_is_shown_only_after_its_fence) {
    Timeline timeline(board);
    UniqueFd fence = timeline.fence(3);
    const uint32_t fb = client.add_fb();
    AtomicRequest request = show_behind(fence, fb);
    request.flags(DRM_MODE_ATOMIC_NONBLOCK);
    ASSERT_EQ(request.call(client), 0) << client.reason();
    fence.reset();
    const size_t before = board.programmed().size();
    board.vblank();
    board.settle();
    EXPECT_EQ(board.programmed().size(), before);
    timeline.advance(3);
    board.drain();
    ASSERT_EQ(board.programmed().size(), before + 1);
    EXPECT_EQ(board.programmed().back(), "crtc-0: fb " + std::to_string(fb));
}

TEST_F(CommitTest, blocking_commit_on_a_fence_is_interrupted_and_changes_nothing) {
    Timeline timeline(board);
    const UniqueFd fence = timeline.fence(1);
    int32_t slot = 77;
    const auto before = board.primary().state.fb;
    AtomicRequest request = show_behind(fence, client.add_fb());
    request.set(board.crtc(), p().out_fence_ptr, reinterpret_cast<uint64_t>(&slot))
        .flags(DRM_MODE_PAGE_FLIP_EVENT);
    Waiting waiting(client, [&] { return request.call(client); });
    client.interrupt();
    EXPECT_EQ(waiting.result(), EINTR);
    EXPECT_EQ(slot, -1);
    EXPECT_EQ(board.primary().state.fb, before);
    EXPECT_EQ(board.worker().pending_count(), 0u);
    // The event space is back: 128 events fit.
    for (int i = 0; i < 128; i++) EXPECT_TRUE(client.file().reserve_event().ok());
    EXPECT_FALSE(client.file().reserve_event().ok());
    for (int i = 0; i < 128; i++) client.file().cancel_event();
}

TEST_F(CommitTest, blocking_commit_goes_on_when_its_fence_signals) {
    Timeline timeline(board);
    const UniqueFd fence = timeline.fence(1);
    const uint32_t fb = client.add_fb();
    AtomicRequest request = show_behind(fence, fb);
    Waiting waiting(client, [&] { return request.call(client); });
    EXPECT_NE(raw((*board.primary().state.fb)->id()), fb);
    timeline.advance(1);
    EXPECT_TRUE(comes_true([&] {
        board.vblank();
        return waiting.has_returned();
    }));
    EXPECT_EQ(waiting.result(), 0) << client.reason();
    EXPECT_EQ(raw((*board.primary().state.fb)->id()), fb);
}

TEST_F(CommitTest, fence_of_a_closed_timeline_lets_the_commit_go_on) {
    Timeline timeline(board);
    UniqueFd fence = timeline.fence(1);
    AtomicRequest request = show_behind(fence, client.add_fb());
    request.flags(DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT);
    ASSERT_EQ(request.call(client), 0);
    fence.reset();
    timeline.close();
    board.drain();
    EXPECT_EQ(client.event_count(), 1u);
}

TEST_F(CommitTest, out_fence_signals_with_the_event) {
    int32_t slot = 77;
    AtomicRequest request = show_with_out_fence(client.add_fb(), slot);
    request.flags(DRM_MODE_ATOMIC_NONBLOCK);
    ASSERT_EQ(request.call(client), 0) << client.reason();
    ASSERT_GE(slot, 0);
    const UniqueFd fd(slot);
    EXPECT_FALSE(is_readable(slot));
    const auto fence = board.model.service<SpecialFiles>().import_fence(fd);
    ASSERT_TRUE(fence.ok());
    EXPECT_EQ((*fence)->info().driver, "fake");
    EXPECT_EQ((*fence)->info().timeline,
              "CRTC:" + std::to_string(raw(board.crtc().id())) + "-crtc-0");
    board.drain();
    EXPECT_TRUE(is_readable(slot));
    EXPECT_EQ((*fence)->status(), 1);
    EXPECT_EQ((*fence)->timestamp(), board.crtc().vblank().current().time);
}

}  // namespace
}  // namespace plugboard::drm::atomic
