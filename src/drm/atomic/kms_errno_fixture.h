// For tests: one wrong argument at a time, as in Linux's answers, and why we answer the same.
// Linux: reference/linux-7.2/kms-errno.txt, and linux-6.1 for the rule of its primary plane
#pragma once

#include <drm_mode.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include "drm/atomic/atomic_fixture.h"

namespace plugboard::drm::atomic {

inline uint64_t address(const void* pointer) {
    return reinterpret_cast<uint64_t>(pointer);
}

inline constexpr uint64_t bad_pointer = 8;

/// A lit device, as the reference's: 1024x768 XR24 on the first CRTC.
class KmsErrno : public testing::Test {
  protected:
    KmsErrno() : KmsErrno(BoardInfo{}) {}
    explicit KmsErrno(BoardInfo info) : board(info), client(board), fb(client.add_fb()) {}

    void light() { ASSERT_EQ(client.set_crtc(fb), 0) << client.reason(); }
    uint32_t crtc_id() { return raw(board.crtc().id()); }
    const StandardProperties& p() { return board.config().properties; }

    /// The answer, and a word of its reason.
    void expect(int result, int expected, std::string_view word = "") {
        EXPECT_EQ(result, expected) << client.reason();
        if (expected != 0) {
            EXPECT_FALSE(client.reason().empty());
            EXPECT_NE(client.reason().find(word), std::string::npos) << client.reason();
        }
        board.drain();
    }

    drm_mode_crtc set_crtc() {
        drm_mode_crtc set{};
        set.crtc_id = crtc_id();
        set.fb_id = fb;
        connector = raw(board.screen().id());
        set.set_connectors_ptr = address(&connector);
        set.count_connectors = 1;
        set.mode_valid = 1;
        set.mode = mode_1024x768();
        return set;
    }
    template <class Change>
    int try_set_crtc(Change change) {
        drm_mode_crtc set = set_crtc();
        change(set);
        return client.pumped(DRM_IOCTL_MODE_SETCRTC, &set);
    }
    int flip(uint32_t fb_id, uint32_t flags = 0, uint32_t reserved = 0) {
        drm_mode_crtc_page_flip argument{crtc_id(), fb_id, flags, reserved, 0};
        return client.ioctl(DRM_IOCTL_MODE_PAGE_FLIP, &argument);
    }
    int wait_vblank(uint32_t type, uint32_t sequence) {
        drm_wait_vblank wait{};
        wait.request.type = static_cast<drm_vblank_seq_type>(type);
        wait.request.sequence = sequence;
        return client.pumped(DRM_IOCTL_WAIT_VBLANK, &wait);
    }
    int set_one(const ModeObject& object, const Property* property, uint64_t value,
                uint32_t flags = 0) {
        return AtomicRequest().set(object, property, value).flags(flags).pumped(client);
    }
    template <class Change>
    int try_set_plane(Change change) {
        drm_mode_set_plane set{};
        set.plane_id = raw(board.overlay().id());
        set.crtc_id = crtc_id();
        set.fb_id = fb;
        set.crtc_w = set.crtc_h = 100;
        set.src_w = set.src_h = 100 << 16;
        change(set);
        return client.pumped(DRM_IOCTL_MODE_SETPLANE, &set);
    }

    Board board;
    Client client;
    uint32_t fb;
    uint32_t connector = 0;
};

class KmsErrno61 : public KmsErrno {
  protected:
    KmsErrno61() : KmsErrno(BoardInfo{.gamma_size = 0, .primary_covers_mode = true}) {}
};

}  // namespace plugboard::drm::atomic
