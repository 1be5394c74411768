// Files that are closed while their commits are under way; the core's own commits wait for no
// client.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "drm/atomic/commit_fixture.h"
#include "drm/atomic/disable_framebuffer.h"

namespace plugboard::drm::atomic {
namespace {

using namespace std::chrono_literals;

/// The work ends though the clock stands still.
void expect_no_wait(Board& board, const std::function<void()>& work) {
    std::atomic<bool> is_done{false};
    std::thread thread([&] {
        work();
        is_done = true;
    });
    EXPECT_TRUE(comes_true([&] { return is_done.load(); }));
    // Waits for a flip that never comes end after 10 s; there are two of them at the most.
    for (int i = 0; i < 2 && !is_done; i++) board.clock.advance(10s);
    thread.join();
}

TEST_F(CommitTest, close_before_flip_completes) {
    ASSERT_EQ(flip(board.crtc(), client.add_fb()), 0);
    board.settle();
    const uint64_t id = client.file().id();
    std::atomic<bool> is_closed{false};
    std::thread thread([&] {
        client.close();  // takes the framebuffer off, so it needs vblanks
        is_closed = true;
    });
    EXPECT_TRUE(comes_true([&] { return !board.drm().find_file(id); }));
    EXPECT_TRUE(comes_true([&] {
        board.vblank();
        return is_closed.load();
    }));
    thread.join();
    board.drain();
    EXPECT_EQ(client.event_count(), 0u);
    Client next(board);
    EXPECT_EQ(next.set_crtc(next.add_fb()), 0) << next.reason();
}

TEST_F(CommitTest, close_behind_a_foreign_fence_does_not_wait_for_it) {
    Timeline timeline(board);
    UniqueFd fence = timeline.fence(1);
    AtomicRequest stuck = show_behind(fence, client.add_fb());
    stuck.flags(DRM_MODE_ATOMIC_NONBLOCK);
    ASSERT_EQ(stuck.call(client), 0) << client.reason();
    fence.reset();
    expect_no_wait(board, [&] { client.close(); });
    EXPECT_FALSE(board.primary().state.fb);  // installed
    EXPECT_EQ(board.worker().pending_count(), 2u);
    timeline.advance(1);
    board.drain();
    EXPECT_TRUE(board.programmed().back().starts_with("crtc-0: fb -"));
}

TEST_F(CommitTestTwoCrtcs, core_does_not_wait_behind_its_own_commit_that_a_fence_holds_up) {
    const uint32_t on_both = client.add_fb();
    ASSERT_EQ(client.set_crtc(on_both, 1), 0) << client.reason();
    const uint32_t on_overlay = client.add_fb();
    ASSERT_EQ(show_overlay(board.crtc(1), on_overlay), 0) << client.reason();
    Timeline timeline(board);
    UniqueFd fence = timeline.fence(1);
    AtomicRequest stuck = show_behind(fence, on_both);
    stuck.flags(DRM_MODE_ATOMIC_NONBLOCK);
    ASSERT_EQ(stuck.call(client), 0) << client.reason();
    fence.reset();
    // The second has nothing in common with the commit that waits for the fence.
    expect_no_wait(board, [&] {
        for (const uint32_t id : {on_both, on_overlay})
            disable_framebuffer(board.drm(), **find_framebuffer(board.drm(), ObjectId{id}));
    });
    EXPECT_EQ(board.worker().pending_count(), 3u);
    timeline.advance(1);
    board.drain();
}

TEST_F(CommitTest, last_reference_of_a_file_dropped_by_a_vblank_waits_for_none) {
    const uint64_t id = client.file().id();
    ASSERT_FALSE(board.crtc().vblank().call_at(
        board.crtc().vblank().current().sequence + 1,
        [held = std::make_shared<Ref<File>>(client.take_file())](VblankCount) {}));
    expect_no_wait(board, [&] { board.vblank(); });
    board.pump([&] { board.model.flush(); });
    EXPECT_FALSE(board.drm().find_file(id));
    EXPECT_FALSE(board.primary().state.fb);
}

}  // namespace
}  // namespace plugboard::drm::atomic
