// For tests of commits: a board to light, flips, and fences that signal when the test says so.
#pragma once

#include <drm_mode.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <utility>

#include "drm/atomic/atomic_fixture.h"
#include "drm/sync/sw_sync.h"
#include "drm/sync/sync_file.h"
#include "uapi/in_process_memory.h"

namespace plugboard::drm::atomic {

/// A sw_sync timeline, and fences on it as descriptors.
class Timeline {
  public:
    explicit Timeline(Board& board) : board_(board) {
        auto opened = open_sw_sync(board.model, "test");
        EXPECT_TRUE(opened.ok());
        if (opened.ok()) fd_ = *std::move(opened);
    }
    UniqueFd fence(uint32_t value) {
        SwSyncCreateFence data{};
        data.value = value;
        EXPECT_EQ(call(sw_sync_create_fence, &data), 0);
        return UniqueFd(data.fence);
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

/// A device with every CRTC lit, by the client.
class CommitTest : public testing::Test {
  protected:
    explicit CommitTest(BoardInfo info = {}) : board(info), client(board) {
        for (size_t crtc = 0; crtc < info.crtcs; crtc++) light(crtc);
    }

    void light(size_t crtc = 0) {
        EXPECT_EQ(client.set_crtc(client.add_fb(), crtc), 0) << client.reason();
        board.drain();
    }
    void switch_off() {
        drm_mode_crtc off{};
        off.crtc_id = raw(board.crtc().id());
        EXPECT_EQ(client.pumped(DRM_IOCTL_MODE_SETCRTC, &off), 0) << client.reason();
    }
    int flip(Crtc& crtc, uint32_t fb, uint64_t user_data = 0) {
        drm_mode_crtc_page_flip argument{raw(crtc.id()), fb, DRM_MODE_PAGE_FLIP_EVENT, 0,
                                         user_data};
        return client.ioctl(DRM_IOCTL_MODE_PAGE_FLIP, &argument);
    }
    int show_overlay(Crtc& crtc, uint32_t fb) {
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
    /// The fb on the first primary plane, once the fence has signalled.
    AtomicRequest show_behind(const UniqueFd& fence, uint32_t fb) {
        AtomicRequest request;
        request.set(board.primary(), p().fb_id, fb)
            .set(board.primary(), p().in_fence_fd, static_cast<uint64_t>(fence.borrow()));
        return request;
    }
    /// The fb on the first primary plane, with an out-fence in `slot`.
    AtomicRequest show_with_out_fence(uint32_t fb, int32_t& slot) {
        AtomicRequest request;
        request.set(board.primary(), p().fb_id, fb)
            .set(board.crtc(), p().out_fence_ptr, reinterpret_cast<uint64_t>(&slot));
        return request;
    }
    const StandardProperties& p() { return board.config().properties; }

    Board board;
    Client client;
};

class CommitTestTwoCrtcs : public CommitTest {
  protected:
    CommitTestTwoCrtcs() : CommitTest({.crtcs = 2}) {}
};

}  // namespace plugboard::drm::atomic
