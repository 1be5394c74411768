// Commits that wait for who still uses the buffers they show.
#include <drm_fourcc.h>
#include <gtest/gtest.h>

#include "drm/atomic/commit_fixture.h"
#include "drm/gem/handles.h"

namespace plugboard::drm::atomic {
namespace {

using gem::Usage;

class ImplicitFencesTest : public CommitTest {
  protected:
    ~ImplicitFencesTest() override {
        for (const Ref<Fence>& fence : made_) fence->signal();  // one that pends keeps its buffer
    }
    Ref<Fence> make_fence() {
        return Fence::create(
            board.clock,
            {.context = next_fence_context(), .seqno = 1, .driver = "other", .timeline = "test"});
    }
    /// A pending fence on one of the buffers that the framebuffer is made of.
    Ref<Fence> use(uint32_t fb, Usage usage, size_t buffer = 0) {
        const auto fence = make_fence();
        const Ref<Framebuffer> shown = *find_framebuffer(board.drm(), ObjectId{fb});
        (*shown->info().planes[buffer].object)->memory().add_fence(fence, usage);
        made_.push_back(fence);
        return fence;
    }
    uint32_t shown() { return raw((*board.primary().state.fb)->id()); }
    /// That the driver was told to show since the last look.
    std::vector<std::string> programmed() {
        auto all = board.programmed();
        all.erase(all.begin(), all.begin() + static_cast<ptrdiff_t>(seen_));
        seen_ += all.size();
        return all;
    }
    std::vector<std::string> just(uint32_t fb) { return {"crtc-0: fb " + std::to_string(fb)}; }
    AtomicRequest show(uint32_t fb) {
        AtomicRequest request;
        request.set(board.primary(), p().fb_id, fb);
        return request;
    }
    /// Of two buffers.
    uint32_t add_nv12() {
        drm_mode_fb_cmd2 fb{};
        fb.width = 1024;
        fb.height = 768;
        fb.pixel_format = DRM_FORMAT_NV12;
        fb.handles[0] = client.make_buffer(1024, 768, 8);
        fb.handles[1] = client.make_buffer(1024, 384, 8);
        fb.pitches[0] = fb.pitches[1] = 1024;
        EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB2, &fb), 0) << client.reason();
        return fb.fb_id;
    }

  private:
    std::vector<Ref<Fence>> made_;
    size_t seen_ = board.programmed().size();
};

TEST_F(ImplicitFencesTest, flip_waits_for_who_writes) {
    const uint32_t fb = client.add_fb();
    const auto write = use(fb, Usage::Write);
    ASSERT_EQ(flip(board.crtc(), fb), 0) << client.reason();
    board.settle();
    board.vblank();
    board.settle();
    EXPECT_TRUE(programmed().empty());
    EXPECT_EQ(shown(), fb) << "the state is the new one all the same";
    EXPECT_EQ(client.event_count(), 0u);
    write->signal();
    board.drain();
    EXPECT_EQ(programmed(), just(fb));
    EXPECT_EQ(client.event_count(), 1u);
}

TEST_F(ImplicitFencesTest, nobody_waits_for_who_reads) {
    const uint32_t fb = client.add_fb();
    const auto read = use(fb, Usage::Read), bookkeep = use(fb, Usage::Bookkeep);
    ASSERT_EQ(flip(board.crtc(), fb), 0) << client.reason();
    board.settle();
    EXPECT_EQ(programmed(), just(fb));
    board.drain();
}

TEST_F(ImplicitFencesTest, all_buffers_of_a_framebuffer_count) {
    const uint32_t fb = add_nv12();
    const auto luma = use(fb, Usage::Write, 0), chroma = use(fb, Usage::Write, 1);
    ASSERT_EQ(show(fb).flags(DRM_MODE_ATOMIC_NONBLOCK).call(client), 0) << client.reason();
    luma->signal();
    board.settle();
    EXPECT_TRUE(programmed().empty());
    chroma->signal();
    board.drain();
    EXPECT_EQ(programmed(), just(fb));
}

TEST_F(ImplicitFencesTest, blocking_calls_wait_before_they_change_anything) {
    const uint32_t fb = client.add_fb();
    const auto write = use(fb, Usage::Write);
    Waiting waiting(client, [&] { return client.set_crtc(fb); });
    EXPECT_NE(shown(), fb);
    write->signal();
    EXPECT_EQ(waiting.result(), 0) << client.reason();
    EXPECT_EQ(shown(), fb);
}

TEST_F(ImplicitFencesTest, signal_ends_the_wait_and_nothing_has_changed) {
    const uint32_t fb = client.add_fb();
    const auto write = use(fb, Usage::Write);
    AtomicRequest request = show(fb);
    Waiting waiting(client, [&] { return request.call(client); });
    client.interrupt();
    EXPECT_EQ(waiting.result(), EINTR);
    EXPECT_NE(shown(), fb);
    EXPECT_EQ(board.worker().pending_count(), 0u);
}

TEST_F(ImplicitFencesTest, set_plane_waits_too) {
    const uint32_t fb = client.add_fb();
    const auto write = use(fb, Usage::Write);
    drm_mode_set_plane set{};
    set.plane_id = raw(board.overlay().id());
    set.crtc_id = raw(board.crtc().id());
    set.fb_id = fb;
    set.crtc_w = 1024;
    set.crtc_h = 768;
    set.src_w = 1024 << 16;
    set.src_h = 768 << 16;
    Waiting waiting(client, [&] { return client.ioctl(DRM_IOCTL_MODE_SETPLANE, &set); });
    EXPECT_FALSE(board.overlay().state.fb);
    write->signal();
    EXPECT_TRUE(comes_true([&] {
        board.vblank();
        return waiting.has_returned();
    }));
    EXPECT_EQ(waiting.result(), 0) << client.reason();
    EXPECT_TRUE(board.overlay().state.fb);
}

TEST_F(ImplicitFencesTest, fence_that_comes_during_the_wait_is_not_waited_for) {
    const uint32_t fb = client.add_fb();
    const auto first = use(fb, Usage::Write);
    AtomicRequest request = show(fb);
    Waiting waiting(client, [&] { return request.call(client); });
    const auto second = use(fb, Usage::Write);
    first->signal();
    EXPECT_TRUE(comes_true([&] {
        board.vblank();
        return waiting.has_returned();
    }));
    EXPECT_EQ(waiting.result(), 0) << client.reason();
    EXPECT_FALSE(second->is_signaled());
}

TEST_F(ImplicitFencesTest, fence_that_the_client_gives_is_waited_for_in_their_place) {
    Timeline timeline(board);
    const UniqueFd fence = timeline.fence(1);
    const uint32_t fb = client.add_fb();
    const auto write = use(fb, Usage::Write);
    ASSERT_EQ(show_behind(fence, fb).flags(DRM_MODE_ATOMIC_NONBLOCK).call(client), 0)
        << client.reason();
    board.settle();
    EXPECT_TRUE(programmed().empty());
    timeline.advance(1);
    board.drain();
    EXPECT_EQ(programmed(), just(fb));
    EXPECT_FALSE(write->is_signaled());
}

TEST_F(ImplicitFencesTest, the_cores_own_fences_are_waited_for_besides_the_clients) {
    Timeline timeline(board);
    const UniqueFd fence = timeline.fence(1);
    const uint32_t fb = client.add_fb();
    const auto move = use(fb, Usage::Kernel);
    ASSERT_EQ(show_behind(fence, fb).flags(DRM_MODE_ATOMIC_NONBLOCK).call(client), 0)
        << client.reason();
    timeline.advance(1);
    board.settle();
    EXPECT_TRUE(programmed().empty());
    move->signal();
    board.drain();
    EXPECT_EQ(programmed(), just(fb));
}

TEST_F(ImplicitFencesTest, fence_that_ends_with_an_error_lets_the_commit_go_on) {
    const uint32_t fb = client.add_fb();
    const auto write = use(fb, Usage::Write);
    ASSERT_EQ(flip(board.crtc(), fb), 0) << client.reason();
    write->signal(Errno::NoDev);
    board.drain();
    EXPECT_EQ(programmed(), just(fb));
    EXPECT_EQ(client.event_count(), 1u);
}

TEST_F(ImplicitFencesTest, test_only_waits_for_nothing) {
    const uint32_t fb = client.add_fb();
    const auto write = use(fb, Usage::Write);
    EXPECT_EQ(show(fb).flags(DRM_MODE_ATOMIC_TEST_ONLY).call(client), 0) << client.reason();
    EXPECT_FALSE(write->is_signaled());
}

TEST_F(ImplicitFencesTest, rmfb_waits_for_nobody) {
    ASSERT_EQ(show_overlay(board.crtc(), client.add_fb()), 0) << client.reason();
    board.drain();
    const auto write = use(shown(), Usage::Write);
    uint32_t fb = raw((*board.overlay().state.fb)->id());
    EXPECT_EQ(client.pumped(DRM_IOCTL_MODE_RMFB, &fb), 0) << client.reason();
    EXPECT_FALSE(board.overlay().state.fb);
    EXPECT_FALSE(write->is_signaled());
}

TEST_F(ImplicitFencesTest, unplug_ends_a_flip_that_waits_for_another_cards_fence) {
    const uint32_t fb = client.add_fb();
    const auto write = use(fb, Usage::Write);
    ASSERT_EQ(flip(board.crtc(), fb), 0) << client.reason();
    board.settle();
    board.unplug();
    EXPECT_EQ(client.event_count(), 1u);
    EXPECT_EQ(board.worker().pending_count(), 0u);
    EXPECT_TRUE(programmed().empty());
    write->signal();  // too late, and harmless
}

TEST_F(ImplicitFencesTest, unplug_ends_a_blocking_wait) {
    const uint32_t fb = client.add_fb();
    const auto write = use(fb, Usage::Write);
    AtomicRequest request = show(fb);
    Waiting waiting(client, [&] { return request.call(client); });
    board.unplug();
    EXPECT_EQ(waiting.result(), ENODEV);
}

}  // namespace
}  // namespace plugboard::drm::atomic
