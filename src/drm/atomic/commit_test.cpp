// How commits wait for each other, for fences and for vblanks, and how they end.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "drm/atomic/atomic_fixture.h"
#include "drm/atomic/disable_framebuffer.h"
#include "drm/sync/sw_sync.h"
#include "drm/sync/sync_file.h"
#include "uapi/in_process_memory.h"

namespace plugboard::drm::atomic {
namespace {

using namespace std::chrono_literals;

/// A sw_sync timeline, and fences on it as descriptors.
class Timeline {
  public:
    explicit Timeline(Board& board) : board_(board) {
        auto opened = open_sw_sync(board.model, "test");
        EXPECT_TRUE(opened.ok());
        if (opened.ok()) fd_ = *std::move(opened);
    }
    int fence(uint32_t value) {
        SwSyncCreateFence data{};
        data.value = value;
        EXPECT_EQ(call(sw_sync_create_fence, &data), 0);
        return data.fence;
    }
    void advance(uint32_t steps) { EXPECT_EQ(call(sw_sync_inc, &steps), 0); }
    void close() {
        fd_.reset();
        board_.model.service<SpecialFiles>().watch().settle();
    }

  private:
    int call(uint32_t command, void* argument) {
        auto file = board_.model.service<SpecialFiles>().find(fd_);
        uapi::InProcessMemory memory;
        ThreadSleeper sleeper(board_.clock);
        Request request(memory, sleeper, {});
        auto done = (*file)->ioctl(request, command,
                                   uapi::UserAddress{reinterpret_cast<uint64_t>(argument)});
        memory.end_request(!done.ok());
        return done.ok() ? 0 : static_cast<int>(done.error());
    }
    Board& board_;
    UniqueFd fd_;
};

class CommitTest : public testing::Test {
  protected:
    void light(Board& board, Client& client, size_t crtc = 0) {
        ASSERT_EQ(client.set_crtc(client.add_fb(), crtc), 0) << client.reason();
        board.drain();
    }
    int flip(Client& client, Crtc& crtc, uint32_t fb, uint64_t user_data = 0) {
        drm_mode_crtc_page_flip argument{raw(crtc.id()), fb, DRM_MODE_PAGE_FLIP_EVENT, 0,
                                         user_data};
        return client.call(DRM_IOCTL_MODE_PAGE_FLIP, &argument);
    }
    int show_overlay(Board& board, Client& client, Crtc& crtc, uint32_t fb) {
        drm_mode_set_plane set{};
        set.plane_id = raw(board.overlay().id());
        set.crtc_id = raw(crtc.id());
        set.fb_id = fb;
        set.crtc_w = 1024;
        set.crtc_h = 768;
        set.src_w = 1024 << 16;
        set.src_h = 768 << 16;
        return client.pumped(DRM_IOCTL_MODE_SETPLANE, &set);
    }
    const StandardProperties& properties(Board& board) { return board.config().properties; }
};

TEST_F(CommitTest, flip_is_done_at_the_next_vblank) {
    Board board;
    Client client(board);
    light(board, client);
    const uint64_t before = board.crtc().vblank().current().sequence;
    ASSERT_EQ(flip(client, board.crtc(), client.add_fb(), 77), 0);
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

TEST_F(CommitTest, a_connector_changes_in_sysfs_when_it_is_lit_and_when_it_goes_off) {
    Board board;
    Client client(board);
    Changes changes(board.model);
    light(board, client);
    EXPECT_EQ(changes.take(), std::vector<std::string>{"card0-Virtual-1"});
    ASSERT_EQ(flip(client, board.crtc(), client.add_fb()), 0);
    board.drain();
    EXPECT_EQ(changes.take(), std::vector<std::string>{});
    drm_mode_crtc off{};
    off.crtc_id = raw(board.crtc().id());
    ASSERT_EQ(client.pumped(DRM_IOCTL_MODE_SETCRTC, &off), 0) << client.reason();
    EXPECT_EQ(changes.take(), std::vector<std::string>{"card0-Virtual-1"});
}

TEST_F(CommitTest, a_crtc_remembers_what_its_last_commit_changed) {
    Board board;
    Client client(board);
    light(board, client);
    const Crtc::LastChange& last = board.crtc().last_change;
    EXPECT_TRUE(last.planes && last.mode && last.active && last.connectors && !last.color);
    ASSERT_EQ(flip(client, board.crtc(), client.add_fb()), 0);
    board.drain();
    EXPECT_TRUE(last.planes && !last.mode && !last.active && !last.connectors && !last.color);
}

TEST_F(CommitTest, mode_that_no_timer_can_keep_up_with_is_shown_and_flipped) {
    Board board;
    Client client(board);
    drm_mode_modeinfo mode = mode_1024x768();
    mode.clock = 0x7fffffff;
    mode.hdisplay = mode.hsync_start = mode.hsync_end = mode.htotal = 20;
    mode.vdisplay = mode.vsync_start = mode.vsync_end = mode.vtotal = 20;
    ASSERT_EQ(client.set_crtc(client.add_fb(), 0, mode), 0) << client.reason();
    ASSERT_EQ(flip(client, board.crtc(), client.add_fb()), 0) << client.reason();
    board.drain();
    EXPECT_EQ(client.event_count(), 1u);
}

TEST_F(CommitTest, modeset_sends_its_event_at_once) {
    Board board;
    Client client(board);
    AtomicRequest request;
    add_modeset(request, board, client, client.add_fb());
    request.flags(DRM_MODE_ATOMIC_ALLOW_MODESET | DRM_MODE_PAGE_FLIP_EVENT).user_data(5);
    ASSERT_EQ(request.call(client), 0) << client.reason();  // no vblank is needed
    EXPECT_EQ(client.vblank_events().size(), 1u);
    EXPECT_TRUE(board.crtc().vblank().is_on());
}

TEST_F(CommitTest, blocking_commit_returns_after_the_next_vblank) {
    Board board;
    Client client(board);
    light(board, client);
    const uint64_t before = board.worker().flip_log().total();
    AtomicRequest request;
    request.set(board.primary(), properties(board).fb_id, client.add_fb())
        .flags(DRM_MODE_PAGE_FLIP_EVENT);
    ASSERT_EQ(request.pumped(client), 0) << client.reason();
    EXPECT_EQ(client.vblank_events().size(), 1u);
    EXPECT_EQ(board.worker().flip_log().total(), before + 1);
    EXPECT_EQ(board.worker().pending_count(), 0u);
}

TEST_F(CommitTest, flip_log_tells_crtc_sequence_time_and_file) {
    Board board;
    Client client(board);
    light(board, client);
    ASSERT_EQ(flip(client, board.crtc(), client.add_fb()), 0);
    board.drain();
    const auto flips = board.worker().flip_log().newest(1);
    ASSERT_EQ(flips.size(), 1u);
    EXPECT_EQ(flips[0].crtc, board.crtc().id());
    EXPECT_EQ(flips[0].file_id, client.file().id());
    EXPECT_EQ(flips[0].sequence, board.crtc().vblank().current().sequence);
    EXPECT_EQ(flips[0].time, board.crtc().vblank().current().time);
}

TEST_F(CommitTest, second_flip_before_the_vblank_is_busy) {
    Board board;
    Client client(board);
    light(board, client);
    const uint32_t fb = client.add_fb();
    ASSERT_EQ(flip(client, board.crtc(), fb), 0);
    EXPECT_EQ(flip(client, board.crtc(), fb), EBUSY);
    EXPECT_NE(client.reason().find("has not flipped yet"), std::string::npos) << client.reason();
    drm_mode_crtc_page_flip silent{raw(board.crtc().id()), fb, 0, 0, 0};
    EXPECT_EQ(client.call(DRM_IOCTL_MODE_PAGE_FLIP, &silent), EBUSY);
    board.drain();
    EXPECT_EQ(flip(client, board.crtc(), fb), 0);
    board.drain();
    EXPECT_EQ(client.event_count(), 2u);
}

TEST_F(CommitTest, who_has_seen_the_event_is_not_busy) {
    Board board;
    Client client(board);
    light(board, client);
    const uint32_t fb = client.add_fb();
    for (int i = 0; i < 50; i++) {
        ASSERT_EQ(flip(client, board.crtc(), fb), 0) << client.reason();
        board.settle();
        ASSERT_TRUE(board.vblank());
        ASSERT_EQ(client.vblank_events().size(), 1u);
    }
}

TEST_F(CommitTest, test_only_is_never_busy) {
    Board board;
    Client client(board);
    light(board, client);
    const uint32_t fb = client.add_fb();
    ASSERT_EQ(flip(client, board.crtc(), fb), 0);
    AtomicRequest request;
    request.set(board.primary(), properties(board).fb_id, fb)
        .flags(DRM_MODE_ATOMIC_TEST_ONLY | DRM_MODE_ATOMIC_NONBLOCK);
    EXPECT_EQ(request.call(client), 0);
    board.drain();
}

TEST_F(CommitTest, blocking_commit_queues_behind_a_pending_flip) {
    Board board;
    Client client(board);
    light(board, client);
    ASSERT_EQ(flip(client, board.crtc(), client.add_fb(), 1), 0);
    AtomicRequest request;
    request.set(board.primary(), properties(board).fb_id, client.add_fb())
        .flags(DRM_MODE_PAGE_FLIP_EVENT)
        .user_data(2);
    EXPECT_EQ(request.pumped(client), 0) << client.reason();
    const auto events = client.vblank_events();
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].user_data, 1u);
    EXPECT_EQ(events[1].user_data, 2u);
    EXPECT_GT(events[1].sequence, events[0].sequence);
}

TEST_F(CommitTest, one_crtc_flips_while_the_other_waits_for_a_fence) {
    Board board({.crtcs = 2});
    Client client(board);
    light(board, client, 0);
    light(board, client, 1);
    Timeline timeline(board);
    const int fence = timeline.fence(1);
    AtomicRequest stuck;
    stuck.set(board.primary(0), properties(board).fb_id, client.add_fb())
        .set(board.primary(0), properties(board).in_fence_fd, static_cast<uint64_t>(fence))
        .flags(DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT)
        .user_data(1000);
    ASSERT_EQ(stuck.call(client), 0) << client.reason();
    ::close(fence);
    const uint32_t fb = client.add_fb();
    for (int i = 0; i < 60; i++) {
        ASSERT_EQ(flip(client, board.crtc(1), fb, 1), 0) << client.reason();
        board.settle();
        ASSERT_TRUE(board.vblank(1));
        board.settle();
    }
    EXPECT_EQ(client.vblank_events().size(), 60u);
    EXPECT_EQ(flip(client, board.crtc(0), fb), EBUSY);
    timeline.advance(1);
    board.drain();
    const auto events = client.vblank_events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].user_data, 1000u);
}

TEST_F(CommitTest, nonblocking_commit_is_shown_only_after_its_fence) {
    Board board;
    Client client(board);
    light(board, client);
    Timeline timeline(board);
    const int fence = timeline.fence(3);
    const uint32_t fb = client.add_fb();
    AtomicRequest request;
    request.set(board.primary(), properties(board).fb_id, fb)
        .set(board.primary(), properties(board).in_fence_fd, static_cast<uint64_t>(fence))
        .flags(DRM_MODE_ATOMIC_NONBLOCK);
    ASSERT_EQ(request.call(client), 0) << client.reason();
    ::close(fence);
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
    Board board;
    Client client(board);
    light(board, client);
    Timeline timeline(board);
    const int fence = timeline.fence(1);
    int32_t slot = 77;
    const auto before = board.primary().state.fb;
    AtomicRequest request;
    request.set(board.primary(), properties(board).fb_id, client.add_fb())
        .set(board.primary(), properties(board).in_fence_fd, static_cast<uint64_t>(fence))
        .set(board.crtc(), properties(board).out_fence_ptr, reinterpret_cast<uint64_t>(&slot))
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
    ::close(fence);
}

TEST_F(CommitTest, blocking_commit_goes_on_when_its_fence_signals) {
    Board board;
    Client client(board);
    light(board, client);
    Timeline timeline(board);
    const int fence = timeline.fence(1);
    const uint32_t fb = client.add_fb();
    AtomicRequest request;
    request.set(board.primary(), properties(board).fb_id, fb)
        .set(board.primary(), properties(board).in_fence_fd, static_cast<uint64_t>(fence));
    Waiting waiting(client, [&] { return request.call(client); });
    EXPECT_NE(raw((*board.primary().state.fb)->id()), fb);
    timeline.advance(1);
    EXPECT_TRUE(comes_true([&] {
        board.vblank();
        return waiting.has_returned();
    }));
    EXPECT_EQ(waiting.result(), 0) << client.reason();
    EXPECT_EQ(raw((*board.primary().state.fb)->id()), fb);
    ::close(fence);
}

TEST_F(CommitTest, close_before_flip_completes) {
    Board board;
    Client client(board);
    light(board, client);
    ASSERT_EQ(flip(client, board.crtc(), client.add_fb()), 0);
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
    Board board;
    Client client(board);
    light(board, client);
    Timeline timeline(board);
    const int fence = timeline.fence(1);
    AtomicRequest stuck;
    stuck.set(board.primary(), properties(board).fb_id, client.add_fb())
        .set(board.primary(), properties(board).in_fence_fd, static_cast<uint64_t>(fence))
        .flags(DRM_MODE_ATOMIC_NONBLOCK);
    ASSERT_EQ(stuck.call(client), 0) << client.reason();
    ::close(fence);
    std::atomic<bool> is_closed{false};
    std::thread thread([&] {
        client.close();
        is_closed = true;
    });
    EXPECT_TRUE(comes_true([&] { return is_closed.load(); }));
    if (!is_closed) board.clock.advance(10s);
    thread.join();
    EXPECT_FALSE(board.primary().state.fb);  // installed
    EXPECT_EQ(board.worker().pending_count(), 2u);
    timeline.advance(1);
    board.drain();
    EXPECT_TRUE(board.programmed().back().starts_with("crtc-0: fb -"));
}

TEST_F(CommitTest, core_does_not_wait_behind_its_own_commit_that_a_fence_holds_up) {
    Board board({.crtcs = 2});
    Client client(board);
    light(board, client, 0);
    const uint32_t on_both = client.add_fb();
    ASSERT_EQ(client.set_crtc(on_both, 1), 0) << client.reason();
    const uint32_t on_overlay = client.add_fb();
    ASSERT_EQ(show_overlay(board, client, board.crtc(1), on_overlay), 0) << client.reason();
    Timeline timeline(board);
    const int fence = timeline.fence(1);
    AtomicRequest stuck;
    stuck.set(board.primary(0), properties(board).fb_id, on_both)
        .set(board.primary(0), properties(board).in_fence_fd, static_cast<uint64_t>(fence))
        .flags(DRM_MODE_ATOMIC_NONBLOCK);
    ASSERT_EQ(stuck.call(client), 0) << client.reason();
    ::close(fence);
    // The second has nothing in common with the commit that waits for the fence.
    std::atomic<bool> is_done{false};
    std::thread thread([&] {
        for (const uint32_t id : {on_both, on_overlay})
            disable_framebuffer(board.drm(), **find_framebuffer(board.drm(), ObjectId{id}));
        is_done = true;
    });
    EXPECT_TRUE(comes_true([&] { return is_done.load(); }));
    for (int i = 0; i < 2 && !is_done; i++) board.clock.advance(10s);
    thread.join();
    EXPECT_EQ(board.worker().pending_count(), 3u);
    timeline.advance(1);
    board.drain();
}

TEST_F(CommitTest, last_reference_of_a_file_dropped_by_a_vblank_waits_for_none) {
    Board board;
    Client client(board);
    light(board, client);
    const uint64_t id = client.file().id();
    ASSERT_FALSE(board.crtc().vblank().call_at(
        board.crtc().vblank().current().sequence + 1,
        [held = std::make_shared<Ref<File>>(client.take_file())](VblankCount) {}));
    std::atomic<bool> is_handled{false};
    std::thread timer([&] {
        board.vblank();
        is_handled = true;
    });
    EXPECT_TRUE(comes_true([&] { return is_handled.load(); }));
    if (!is_handled) board.clock.advance(10s);
    timer.join();
    board.pump([&] { board.model.flush(); });
    EXPECT_FALSE(board.drm().find_file(id));
    EXPECT_FALSE(board.primary().state.fb);
}

TEST_F(CommitTest, events_of_a_crtc_come_in_the_order_of_its_commits) {
    Board board;
    Client client(board);
    light(board, client);
    ASSERT_EQ(flip(client, board.crtc(), client.add_fb(), 1), 0);
    board.settle();
    // Going off sends its event at once, as soon as the worker is at it.
    AtomicRequest off;
    off.set(board.crtc(), properties(board).active, 0)
        .flags(DRM_MODE_ATOMIC_ALLOW_MODESET | DRM_MODE_PAGE_FLIP_EVENT)
        .user_data(2);
    Waiting waiting(client, [&] { return off.call(client); });
    bool is_first = true;
    client.before_each_event([&] {
        if (std::exchange(is_first, false)) board.settle();  // what may overtake it has now
    });
    ASSERT_TRUE(board.vblank());
    EXPECT_EQ(waiting.result(), 0) << client.reason();
    const auto events = client.vblank_events();
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].user_data, 1u);
    EXPECT_EQ(events[1].user_data, 2u);
}

TEST_F(CommitTest, flip_of_one_crtc_does_not_wait_for_another_crtcs_flip) {
    Board board({.crtcs = 2});
    Client client(board);
    light(board, client, 0);
    light(board, client, 1);
    AtomicRequest both;
    both.set(board.primary(0), properties(board).fb_id, client.add_fb())
        .set(board.primary(1), properties(board).fb_id, client.add_fb())
        .flags(DRM_MODE_ATOMIC_NONBLOCK);
    ASSERT_EQ(both.call(client), 0) << client.reason();
    board.settle();
    ASSERT_TRUE(board.vblank(0));  // and none of the other
    const size_t before = board.programmed().size();
    ASSERT_EQ(flip(client, board.crtc(0), client.add_fb()), 0) << client.reason();
    board.settle();
    EXPECT_EQ(board.programmed().size(), before + 1);
    ASSERT_TRUE(board.vblank(0));
    EXPECT_EQ(client.event_count(), 1u);
    board.drain();
}

TEST_F(CommitTest, crtc_that_a_later_value_replaced_stays_in_the_request) {
    Board board({.crtcs = 2});
    Client client(board);
    light(board, client, 0);
    light(board, client, 1);
    const Plane& plane = board.overlay();
    AtomicRequest request;
    request.set(plane, properties(board).crtc_id, raw(board.crtc(0).id()))
        .set(plane, properties(board).crtc_id, raw(board.crtc(1).id()))
        .set(plane, properties(board).fb_id, client.add_fb())
        .flags(DRM_MODE_PAGE_FLIP_EVENT);
    ASSERT_EQ(request.pumped(client), 0) << client.reason();
    EXPECT_EQ(client.event_count(), 2u);
    EXPECT_EQ(plane.state.crtc, &board.crtc(1));
}

TEST_F(CommitTest, connector_may_be_explained_after_its_device_is_gone) {
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
    Board board;
    Client client(board);
    light(board, client);
    const Ref<Framebuffer> old = *board.primary().state.fb;
    const uint32_t count = old->ref_count();
    ASSERT_EQ(flip(client, board.crtc(), client.add_fb()), 0);
    board.settle();
    EXPECT_EQ(old->ref_count(), count);  // the plane's went to the commit
    board.drain();
    EXPECT_EQ(old->ref_count(), count - 1);
}

TEST_F(CommitTest, rmfb_takes_a_shown_framebuffer_off_and_leaves_the_crtc_on) {
    Board board;
    Client client(board);
    uint32_t fb = client.add_fb();
    ASSERT_EQ(client.set_crtc(fb), 0);
    ASSERT_EQ(client.pumped(DRM_IOCTL_MODE_RMFB, &fb), 0);
    EXPECT_FALSE(board.primary().state.fb);
    EXPECT_EQ(board.primary().state.crtc, nullptr);
    EXPECT_TRUE(board.crtc().state.active);
    EXPECT_FALSE(find_framebuffer(board.drm(), ObjectId{fb}));
}

TEST_F(CommitTest, cursor_call_makes_no_flip_and_no_busy) {
    Board board;
    Client client(board);
    light(board, client);
    const uint64_t flips = board.worker().flip_log().total();
    drm_mode_cursor cursor{};
    cursor.flags = DRM_MODE_CURSOR_BO;
    cursor.crtc_id = raw(board.crtc().id());
    cursor.width = cursor.height = 64;
    cursor.handle = client.add_buffer(64, 64);
    // No vblank is needed for it.
    EXPECT_EQ(client.call(DRM_IOCTL_MODE_CURSOR, &cursor), 0) << client.reason();
    EXPECT_EQ(board.worker().flip_log().total(), flips);
    EXPECT_EQ(flip(client, board.crtc(), client.add_fb()), 0) << client.reason();
    board.drain();
}

TEST_F(CommitTest, cursor_call_waits_for_a_pending_flip) {
    Board board;
    Client client(board);
    light(board, client);
    ASSERT_EQ(flip(client, board.crtc(), client.add_fb()), 0);
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
    Board board;
    Client client(board);
    light(board, client);
    const auto old_sink = log::set_sink([](log::Category, std::string_view) {});
    ASSERT_EQ(flip(client, board.crtc(), client.add_fb()), 0);
    board.settle();
    board.clock.advance(10s);
    EXPECT_TRUE(comes_true([&] { return board.worker().pending_count() == 0; }));
    EXPECT_EQ(flip(client, board.crtc(), client.add_fb()), 0) << client.reason();
    board.drain();
    EXPECT_EQ(client.event_count(), 2u);  // the late one came after all
    log::set_sink(old_sink);
}

TEST_F(CommitTest, out_fence_signals_with_the_event) {
    Board board;
    Client client(board);
    light(board, client);
    int32_t slot = 77;
    AtomicRequest request;
    request.set(board.primary(), properties(board).fb_id, client.add_fb())
        .set(board.crtc(), properties(board).out_fence_ptr, reinterpret_cast<uint64_t>(&slot))
        .flags(DRM_MODE_ATOMIC_NONBLOCK);
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

// Unplug in each stage of a commit.

TEST_F(CommitTest, unplug_ends_a_commit_that_waits_for_a_foreign_fence) {
    Board board;
    Client client(board);
    light(board, client);
    Timeline timeline(board);
    const int in_fence = timeline.fence(1);
    int32_t slot = -1;
    AtomicRequest request;
    request.set(board.primary(), properties(board).fb_id, client.add_fb())
        .set(board.primary(), properties(board).in_fence_fd, static_cast<uint64_t>(in_fence))
        .set(board.crtc(), properties(board).out_fence_ptr, reinterpret_cast<uint64_t>(&slot))
        .flags(DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT);
    ASSERT_EQ(request.call(client), 0) << client.reason();
    ::close(in_fence);
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
    Board board;
    Client client(board);
    light(board, client);
    ASSERT_EQ(flip(client, board.crtc(), client.add_fb()), 0);
    board.settle();
    board.unplug();
    EXPECT_EQ(client.vblank_events().size(), 1u);
    EXPECT_EQ(board.worker().pending_count(), 0u);
    EXPECT_EQ(flip(client, board.crtc(), 1), ENODEV);
}

TEST_F(CommitTest, unplug_wakes_a_blocking_commit_that_waits_for_its_flip) {
    Board board;
    Client client(board);
    light(board, client);
    AtomicRequest request;
    request.set(board.primary(), properties(board).fb_id, client.add_fb());
    Waiting waiting(client, [&] { return request.call(client); });
    board.settle();
    board.unplug();
    EXPECT_EQ(waiting.result(), ENODEV);
}

TEST_F(CommitTest, unplug_in_the_last_wait_puts_the_out_fence_slots_back) {
    Board board;
    Client client(board);
    light(board, client);
    int32_t slot = 77;
    AtomicRequest request;
    request.set(board.primary(), properties(board).fb_id, client.add_fb())
        .set(board.crtc(), properties(board).out_fence_ptr, reinterpret_cast<uint64_t>(&slot))
        .flags(DRM_MODE_PAGE_FLIP_EVENT);
    Waiting waiting(client, [&] { return request.call(client); });
    board.settle();
    board.unplug();
    EXPECT_EQ(waiting.result(), ENODEV);
    EXPECT_EQ(slot, -1);
    EXPECT_EQ(client.event_count(), 1u);  // the event was the state's by then
}

TEST_F(CommitTest, unplug_wakes_a_blocking_commit_that_waits_for_its_fence) {
    Board board;
    Client client(board);
    light(board, client);
    Timeline timeline(board);
    const int fence = timeline.fence(1);
    AtomicRequest request;
    request.set(board.primary(), properties(board).fb_id, client.add_fb())
        .set(board.primary(), properties(board).in_fence_fd, static_cast<uint64_t>(fence));
    Waiting waiting(client, [&] { return request.call(client); });
    board.unplug();
    EXPECT_EQ(waiting.result(), ENODEV);
    ::close(fence);
}

TEST_F(CommitTest, closing_after_unplug_frees_what_was_shown) {
    Board board;
    auto client = std::make_unique<Client>(board);
    light(board, *client);
    board.unplug();
    client.reset();
    EXPECT_FALSE(board.primary().state.fb);
}

TEST_F(CommitTest, fence_of_a_closed_timeline_lets_the_commit_go_on) {
    Board board;
    Client client(board);
    light(board, client);
    Timeline timeline(board);
    const int fence = timeline.fence(1);
    AtomicRequest request;
    request.set(board.primary(), properties(board).fb_id, client.add_fb())
        .set(board.primary(), properties(board).in_fence_fd, static_cast<uint64_t>(fence))
        .flags(DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT);
    ASSERT_EQ(request.call(client), 0);
    ::close(fence);
    timeline.close();
    board.drain();
    EXPECT_EQ(client.event_count(), 1u);
}

TEST_F(CommitTest, writeback_job_is_handed_to_the_driver_with_its_fence) {
    Board board;
    Client client(board);
    light(board, client);
    const auto& p = properties(board);
    int32_t slot = 77;
    AtomicRequest request;
    request.set(board.writeback(), p.crtc_id, raw(board.crtc().id()))
        .set(board.writeback(), p.writeback_fb_id, client.add_fb())
        .set(board.writeback(), p.writeback_out_fence_ptr, reinterpret_cast<uint64_t>(&slot))
        .flags(DRM_MODE_ATOMIC_ALLOW_MODESET);
    ASSERT_EQ(request.pumped(client), 0) << client.reason();
    EXPECT_GE(slot, 0);
    EXPECT_FALSE(board.writeback().state.writeback);  // of one request only
    ::close(slot);
}

TEST_F(CommitTest, writeback_fence_without_a_framebuffer_is_refused_unless_test_only) {
    Board board;
    Client client(board);
    light(board, client);
    const auto& p = properties(board);
    int32_t slot = 77;
    AtomicRequest request;
    request.set(board.writeback(), p.writeback_fb_id, 0)
        .set(board.writeback(), p.writeback_out_fence_ptr, reinterpret_cast<uint64_t>(&slot));
    EXPECT_EQ(request.call(client), EINVAL);
    EXPECT_NE(client.reason().find("WRITEBACK_FB_ID is 0"), std::string::npos) << client.reason();
    EXPECT_EQ(slot, -1);
    EXPECT_EQ(request.flags(DRM_MODE_ATOMIC_TEST_ONLY).call(client), 0) << client.reason();
    AtomicRequest fence_alone;
    slot = 77;
    fence_alone.set(board.writeback(), p.writeback_out_fence_ptr,
                    reinterpret_cast<uint64_t>(&slot));
    EXPECT_EQ(fence_alone.pumped(client), 0) << client.reason();
    EXPECT_EQ(slot, -1);
}

TEST_F(CommitTest, dpms_switches_the_crtc_and_a_modeset_rewrites_it) {
    Board board;
    Client client(board);
    light(board, client);
    drm_mode_connector_set_property set{};
    set.connector_id = raw(board.screen().id());
    set.prop_id = raw(properties(board).dpms->id());
    set.value = DRM_MODE_DPMS_STANDBY;
    ASSERT_EQ(client.pumped(DRM_IOCTL_MODE_SETPROPERTY, &set), 0) << client.reason();
    EXPECT_FALSE(board.crtc().state.active);
    EXPECT_TRUE(board.crtc().state.mode);
    EXPECT_EQ(board.screen().dpms, uint32_t{DRM_MODE_DPMS_OFF});
    light(board, client);
    EXPECT_EQ(board.screen().dpms, uint32_t{DRM_MODE_DPMS_ON});
}

}  // namespace
}  // namespace plugboard::drm::atomic
