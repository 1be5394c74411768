// What a commit does, tells and leaves behind.
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "drm/atomic/commit_fixture.h"

namespace plugboard::drm::atomic {
namespace {

TEST_F(CommitTest, flip_is_done_at_the_next_vblank) {
    const uint64_t before = board.crtc().vblank().current().sequence;
    ASSERT_EQ(flip(board.crtc(), client.add_fb(), 77), 0);
    board.settle();
    EXPECT_EQ(client.event_count(), 0u);
    ASSERT_TRUE(board.vblank());
    board.settle();
    const auto events = client.vblank_events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].base.type, uint32_t{DRM_EVENT_FLIP_COMPLETE});
    EXPECT_EQ(events[0].user_data, 77u);
    EXPECT_EQ(events[0].crtc_id, raw(board.crtc().id()));
    const VblankCount now = board.crtc().vblank().current();
    EXPECT_EQ(events[0].sequence, static_cast<uint32_t>(now.sequence));
    EXPECT_GT(now.sequence, before);
    const Nanos time = now.time.time_since_epoch();
    EXPECT_EQ(events[0].tv_sec * uint64_t{1'000'000} + events[0].tv_usec,
              static_cast<uint64_t>(time.count() / 1000));
}

/// Notes whose attributes have changed.
class Changes final : public device::Watcher {
  public:
    explicit Changes(device::Model& model) : model_(model) { model_.add_watcher(*this); }
    ~Changes() { model_.remove_watcher(*this); }
    void device_changed(device::Device& device) override { names_.push_back(device.name()); }
    std::vector<std::string> take() { return std::exchange(names_, {}); }

  private:
    device::Model& model_;
    std::vector<std::string> names_;
};

TEST_F(CommitTest, a_connector_changes_in_sysfs_when_it_goes_off_and_when_it_is_lit) {
    Changes changes(board.model);
    switch_off();
    EXPECT_EQ(changes.take(), std::vector<std::string>{"card0-Virtual-1"});
    light();
    EXPECT_EQ(changes.take(), std::vector<std::string>{"card0-Virtual-1"});
    ASSERT_EQ(flip(board.crtc(), client.add_fb()), 0);
    board.drain();
    EXPECT_EQ(changes.take(), std::vector<std::string>{});
}

TEST_F(CommitTest, a_crtc_remembers_what_its_last_commit_changed) {
    const Crtc::LastChange& last = board.crtc().last_change;
    EXPECT_TRUE(last.planes && last.mode && last.active && last.connectors && !last.color);
    ASSERT_EQ(flip(board.crtc(), client.add_fb()), 0);
    board.drain();
    EXPECT_TRUE(last.planes && !last.mode && !last.active && !last.connectors && !last.color);
}

TEST_F(CommitTest, mode_that_no_timer_can_keep_up_with_is_shown_and_flipped) {
    drm_mode_modeinfo mode = mode_1024x768();
    mode.clock = 0x7fffffff;
    mode.hdisplay = mode.hsync_start = mode.hsync_end = mode.htotal = 20;
    mode.vdisplay = mode.vsync_start = mode.vsync_end = mode.vtotal = 20;
    ASSERT_EQ(client.set_crtc(client.add_fb(), 0, mode), 0) << client.reason();
    ASSERT_EQ(flip(board.crtc(), client.add_fb()), 0) << client.reason();
    board.drain();
    EXPECT_EQ(client.event_count(), 1u);
}

TEST_F(CommitTest, modeset_sends_its_event_at_once) {
    switch_off();
    AtomicRequest request;
    add_modeset(request, board, client, client.add_fb());
    request.flags(DRM_MODE_ATOMIC_ALLOW_MODESET | DRM_MODE_PAGE_FLIP_EVENT).user_data(5);
    ASSERT_EQ(request.call(client), 0) << client.reason();  // no vblank is needed
    EXPECT_EQ(client.vblank_events().size(), 1u);
    EXPECT_TRUE(board.crtc().vblank().is_on());
}

TEST_F(CommitTest, blocking_commit_returns_after_the_next_vblank) {
    const uint64_t before = board.worker().flip_log().total();
    AtomicRequest request;
    request.set(board.primary(), p().fb_id, client.add_fb()).flags(DRM_MODE_PAGE_FLIP_EVENT);
    ASSERT_EQ(request.pumped(client), 0) << client.reason();
    EXPECT_EQ(client.vblank_events().size(), 1u);
    EXPECT_EQ(board.worker().flip_log().total(), before + 1);
    EXPECT_EQ(board.worker().pending_count(), 0u);
}

TEST_F(CommitTest, flip_log_tells_crtc_sequence_time_and_file) {
    ASSERT_EQ(flip(board.crtc(), client.add_fb()), 0);
    board.drain();
    const auto flips = board.worker().flip_log().newest(1);
    ASSERT_EQ(flips.size(), 1u);
    EXPECT_EQ(flips[0].crtc, board.crtc().id());
    EXPECT_EQ(flips[0].file_id, client.file().id());
    EXPECT_EQ(flips[0].sequence, board.crtc().vblank().current().sequence);
    EXPECT_EQ(flips[0].time, board.crtc().vblank().current().time);
}

TEST_F(CommitTestTwoCrtcs, crtc_that_a_later_value_replaced_stays_in_the_request) {
    const Plane& plane = board.overlay();
    AtomicRequest request;
    request.set(plane, p().crtc_id, raw(board.crtc(0).id()))
        .set(plane, p().crtc_id, raw(board.crtc(1).id()))
        .set(plane, p().fb_id, client.add_fb())
        .flags(DRM_MODE_PAGE_FLIP_EVENT);
    ASSERT_EQ(request.pumped(client), 0) << client.reason();
    EXPECT_EQ(client.event_count(), 2u);
    EXPECT_EQ(plane.state.crtc, &board.crtc(1));
}

TEST(Connector, may_be_explained_after_its_device_is_gone) {
    class Counter final : public RefVisitor {
      public:
        void edge(const Object&, std::string_view) override { edges++; }
        int edges = 0;
    } counter;
    MaybeRef<Connector> screen, writeback;
    {
        Board board;
        screen = Ref<Connector>::share(board.screen());
        writeback = Ref<Connector>::share(board.writeback());
    }
    (*screen)->visit_refs(counter);
    EXPECT_EQ(counter.edges, 0);
    (*writeback)->visit_refs(counter);
    EXPECT_EQ(counter.edges, 1);  // its formats
}

TEST_F(CommitTest, old_framebuffers_are_let_go_after_the_flip) {
    const Ref<Framebuffer> old = *board.primary().state.fb;
    const uint32_t count = old->ref_count();
    ASSERT_EQ(flip(board.crtc(), client.add_fb()), 0);
    board.settle();
    EXPECT_EQ(old->ref_count(), count);  // the plane's went to the commit
    board.drain();
    EXPECT_EQ(old->ref_count(), count - 1);
}

TEST_F(CommitTest, rmfb_takes_a_shown_framebuffer_off_and_leaves_the_crtc_on) {
    uint32_t fb = client.add_fb();
    ASSERT_EQ(client.set_crtc(fb), 0);
    ASSERT_EQ(client.pumped(DRM_IOCTL_MODE_RMFB, &fb), 0);
    EXPECT_FALSE(board.primary().state.fb);
    EXPECT_EQ(board.primary().state.crtc, nullptr);
    EXPECT_TRUE(board.crtc().state.active);
    EXPECT_FALSE(find_framebuffer(board.drm(), ObjectId{fb}));
}

TEST_F(CommitTest, writeback_job_is_handed_to_the_driver_with_its_fence) {
    int32_t slot = 77;
    AtomicRequest request;
    request.set(board.writeback(), p().crtc_id, raw(board.crtc().id()))
        .set(board.writeback(), p().writeback_fb_id, client.add_fb())
        .set(board.writeback(), p().writeback_out_fence_ptr, reinterpret_cast<uint64_t>(&slot))
        .flags(DRM_MODE_ATOMIC_ALLOW_MODESET);
    ASSERT_EQ(request.pumped(client), 0) << client.reason();
    EXPECT_GE(slot, 0);
    EXPECT_FALSE(board.writeback().state.writeback);  // of one request only
    ::close(slot);
}

TEST_F(CommitTest, writeback_fence_without_a_framebuffer_is_refused_unless_test_only) {
    int32_t slot = 77;
    AtomicRequest request;
    request.set(board.writeback(), p().writeback_fb_id, 0)
        .set(board.writeback(), p().writeback_out_fence_ptr, reinterpret_cast<uint64_t>(&slot));
    EXPECT_EQ(request.call(client), EINVAL);
    EXPECT_NE(client.reason().find("WRITEBACK_FB_ID is 0"), std::string::npos) << client.reason();
    EXPECT_EQ(slot, -1);
    EXPECT_EQ(request.flags(DRM_MODE_ATOMIC_TEST_ONLY).call(client), 0) << client.reason();
    AtomicRequest fence_alone;
    slot = 77;
    fence_alone.set(board.writeback(), p().writeback_out_fence_ptr,
                    reinterpret_cast<uint64_t>(&slot));
    EXPECT_EQ(fence_alone.pumped(client), 0) << client.reason();
    EXPECT_EQ(slot, -1);
}

TEST_F(CommitTest, dpms_switches_the_crtc_and_a_modeset_rewrites_it) {
    drm_mode_connector_set_property set{};
    set.connector_id = raw(board.screen().id());
    set.prop_id = raw(p().dpms->id());
    set.value = DRM_MODE_DPMS_STANDBY;
    ASSERT_EQ(client.pumped(DRM_IOCTL_MODE_SETPROPERTY, &set), 0) << client.reason();
    EXPECT_FALSE(board.crtc().state.active);
    EXPECT_TRUE(board.crtc().state.mode);
    EXPECT_EQ(board.screen().dpms, uint32_t{DRM_MODE_DPMS_OFF});
    light();
    EXPECT_EQ(board.screen().dpms, uint32_t{DRM_MODE_DPMS_ON});
}

}  // namespace
}  // namespace plugboard::drm::atomic
