// Unplug in each stage of a commit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/log.h"
#include "device/test_support.h"
#include "drm/atomic/commit_fixture.h"

namespace plugboard::drm::atomic {
namespace {

TEST_F(CommitTest, unplug_ends_a_commit_that_waits_for_a_foreign_fence) {
    Timeline timeline(board);
    UniqueFd in_fence = timeline.fence(1);
    int32_t slot = -1;
    AtomicRequest request = show_behind(in_fence, client.add_fb());
    request.set(board.crtc(), p().out_fence_ptr, reinterpret_cast<uint64_t>(&slot))
        .flags(DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT);
    ASSERT_EQ(request.call(client), 0) << client.reason();
    in_fence.reset();
    const size_t programmed = board.programmed().size();
    board.unplug();
    EXPECT_EQ(board.worker().pending_count(), 0u);
    EXPECT_EQ(board.programmed().size(), programmed);
    EXPECT_EQ(client.vblank_events().size(), 1u);
    const UniqueFd fd(slot);
    EXPECT_TRUE(is_readable(slot));
    const auto fence = board.model.service<SpecialFiles>().import_fence(fd);
    ASSERT_TRUE(fence.ok());
    EXPECT_EQ((*fence)->status(), -ENODEV);
    timeline.advance(1);  // too late, and harmless
}

TEST_F(CommitTest, unplug_ends_an_armed_flip) {
    ASSERT_EQ(flip(board.crtc(), client.add_fb()), 0);
    board.settle();
    board.unplug();
    EXPECT_EQ(client.vblank_events().size(), 1u);
    EXPECT_EQ(board.worker().pending_count(), 0u);
    EXPECT_EQ(flip(board.crtc(), 1), ENODEV);
}

TEST_F(CommitTest, unplug_fails_the_out_fence_of_an_armed_flip_and_no_older_one) {
    int32_t shown = -1, armed = -1;
    ASSERT_EQ(show_with_out_fence(client.add_fb(), shown).pumped(client), 0) << client.reason();
    AtomicRequest request = show_with_out_fence(client.add_fb(), armed);
    ASSERT_EQ(request.flags(DRM_MODE_ATOMIC_NONBLOCK).call(client), 0) << client.reason();
    board.settle();
    board.unplug();
    const UniqueFd old_fd(shown), new_fd(armed);
    auto& files = board.model.service<SpecialFiles>();
    EXPECT_EQ(files.import_fence(old_fd).value()->status(), 1);
    EXPECT_EQ(files.import_fence(new_fd).value()->status(), -ENODEV);
    EXPECT_TRUE(is_readable(armed));
}

TEST_F(CommitTest, after_unplug_a_test_of_a_commit_is_ENODEV_too) {
    AtomicRequest request;
    request.set(board.primary(), p().fb_id, client.add_fb()).flags(DRM_MODE_ATOMIC_TEST_ONLY);
    EXPECT_EQ(request.call(client), 0) << client.reason();
    board.unplug();
    EXPECT_EQ(request.call(client), ENODEV);
}

/// Pulls its own device.
class PullingHooks final : public KmsHooks {
  public:
    enum class In { Check, Commit };
    PullingHooks(In where, device::Device& device) : where_(where), device_(device) {}

    Result<void> check(State&) override {
        if (where_ == In::Check) device_.del();
        return {};
    }
    void commit(const device::Bound&, State&) override {
        if (where_ == In::Commit) device_.del();
        commits++;
    }
    std::atomic<int> commits{0};

  private:
    const In where_;
    device::Device& device_;
};

TEST_F(CommitTest, unplug_from_the_drivers_commit_ends_it_and_all_after_it) {
    PullingHooks pulling(PullingHooks::In::Commit, board.drm().parent());
    board.config().hooks = &pulling;
    EXPECT_EQ(flip(board.crtc(), client.add_fb()), 0) << client.reason();
    EXPECT_TRUE(comes_true([&] { return client.events().is_hung_up(); }));
    EXPECT_EQ(client.event_count(), 1u);
    EXPECT_EQ(flip(board.crtc(), 1), ENODEV);
    EXPECT_EQ(pulling.commits, 1);
    board.unplug();
    board.config().hooks = nullptr;
}

TEST_F(CommitTest, unplug_from_the_drivers_check_ends_the_commit_with_its_event) {
    PullingHooks pulling(PullingHooks::In::Check, board.drm().parent());
    board.config().hooks = &pulling;
    EXPECT_EQ(flip(board.crtc(), client.add_fb()), 0) << client.reason();
    board.model.flush();
    EXPECT_TRUE(client.events().is_hung_up());
    EXPECT_EQ(client.event_count(), 1u);
    EXPECT_EQ(flip(board.crtc(), 1), ENODEV);
    EXPECT_EQ(pulling.commits, 0);
    board.config().hooks = nullptr;
}

TEST_F(CommitTest, unplug_from_the_callback_of_the_fence_that_a_flip_waits_for) {
    Timeline timeline(board);
    const UniqueFd in_fence = timeline.fence(1);
    AtomicRequest request = show_behind(in_fence, client.add_fb());
    request.flags(DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT);
    ASSERT_EQ(request.call(client), 0) << client.reason();
    const auto fence = board.model.service<SpecialFiles>().import_fence(in_fence).value();
    fence->on_signal([this] { board.drm().parent().del(); });
    timeline.advance(1);
    EXPECT_TRUE(client.events().is_hung_up());
    EXPECT_EQ(client.event_count(), 1u);
    EXPECT_EQ(board.worker().pending_count(), 0u);
}

TEST_F(CommitTest, unplug_that_the_callback_of_its_own_out_fence_asks_the_worker_for) {
    int32_t slot = -1;
    AtomicRequest request = show_with_out_fence(client.add_fb(), slot);
    request.flags(DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT);
    ASSERT_EQ(request.call(client), 0) << client.reason();
    board.settle();
    const UniqueFd fd(slot);
    const auto fence = board.model.service<SpecialFiles>().import_fence(fd).value();
    fence->on_signal([this] {
        board.model.run_later(
            [keep = Ref<device::Device>::share(board.drm().parent())] { keep->del(); });
    });
    EXPECT_TRUE(board.vblank());
    board.model.flush();
    EXPECT_EQ(fence->status(), 1);
    EXPECT_EQ(client.event_count(), 1u);
    EXPECT_TRUE(client.events().is_hung_up());
}

TEST_F(CommitTest, unplug_wakes_a_blocking_commit_that_waits_for_its_flip) {
    AtomicRequest request;
    request.set(board.primary(), p().fb_id, client.add_fb());
    Waiting waiting(client, [&] { return request.call(client); });
    board.settle();
    board.unplug();
    EXPECT_EQ(waiting.result(), ENODEV);
}

TEST_F(CommitTest, unplug_in_the_last_wait_puts_the_out_fence_slots_back) {
    int32_t slot = 77;
    AtomicRequest request = show_with_out_fence(client.add_fb(), slot);
    request.flags(DRM_MODE_PAGE_FLIP_EVENT);
    Waiting waiting(client, [&] { return request.call(client); });
    board.settle();
    board.unplug();
    EXPECT_EQ(waiting.result(), ENODEV);
    EXPECT_EQ(slot, -1);
    EXPECT_EQ(client.event_count(), 1u);  // the event was the state's by then
}

TEST_F(CommitTest, unplug_wakes_a_blocking_commit_that_waits_for_its_fence) {
    Timeline timeline(board);
    const UniqueFd fence = timeline.fence(1);
    AtomicRequest request = show_behind(fence, client.add_fb());
    Waiting waiting(client, [&] { return request.call(client); });
    board.unplug();
    EXPECT_EQ(waiting.result(), ENODEV);
}

/// Stays in each commit until it may leave.
class StuckHooks final : public KmsHooks {
  public:
    void commit(const device::Bound&, State&) override {
        is_inside = true;
        while (!may_leave) std::this_thread::yield();
    }
    std::atomic<bool> is_inside{false}, may_leave{false};
};

TEST_F(CommitTest, unplug_that_waits_for_a_commit_names_the_client_it_is_for) {
    StuckHooks stuck;
    KmsHooks* const hooks = std::exchange(board.config().hooks, &stuck);
    device::testing::Trace errors;
    const auto sink = log::set_sink([&](log::Category category, std::string_view line) {
        if (category == log::Category::Error) errors.add(std::string(line));
    });
    ASSERT_EQ(flip(board.crtc(), client.add_fb()), 0);
    while (!stuck.is_inside) std::this_thread::yield();
    std::thread unplugging([&] { board.unplug(); });
    std::vector<std::string> lines;
    for (; lines.empty(); lines = errors.take()) {
        board.clock.advance(std::chrono::seconds(2));
        std::this_thread::yield();
    }
    EXPECT_THAT(lines.front(),
                testing::MatchesRegex("unbind of fake0 waits for: commit of pid 4242, "
                                      "[0-9]+[.]0 s, in hook KmsHooks::commit"));
    stuck.may_leave = true;
    unplugging.join();
    log::set_sink(sink);
    board.config().hooks = hooks;
}

TEST_F(CommitTest, closing_after_unplug_frees_what_was_shown) {
    board.unplug();
    client.close();
    EXPECT_FALSE(board.primary().state.fb);
}

}  // namespace
}  // namespace plugboard::drm::atomic
