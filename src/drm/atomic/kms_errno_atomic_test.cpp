// What Linux answered to one wrong argument at a time in ATOMIC.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "drm/atomic/kms_errno_fixture.h"

namespace plugboard::drm::atomic {
namespace {

TEST_F(KmsErrno, atomic_flags) {
    light();
    drm_set_client_cap off{DRM_CLIENT_CAP_ATOMIC, 0};
    ASSERT_EQ(client.ioctl(DRM_IOCTL_SET_CLIENT_CAP, &off), 0);
    expect(AtomicRequest().call(client), EINVAL, "DRM_CLIENT_CAP_ATOMIC");
    off.value = 1;
    ASSERT_EQ(client.ioctl(DRM_IOCTL_SET_CLIENT_CAP, &off), 0);
    expect(AtomicRequest().call(client), 0);
    expect(AtomicRequest().flags(DRM_MODE_PAGE_FLIP_EVENT).call(client), EINVAL, "no CRTC");
    expect(AtomicRequest().flags(DRM_MODE_ATOMIC_TEST_ONLY | DRM_MODE_PAGE_FLIP_EVENT).call(client),
           EINVAL, "TEST_ONLY");
    expect(AtomicRequest().flags(DRM_MODE_PAGE_FLIP_ASYNC).call(client), EINVAL, "asynchronous");
    expect(AtomicRequest().flags(0x80000000).call(client), EINVAL, "unknown bits");
    drm_mode_atomic argument{};
    argument.reserved = 1;
    expect(client.ioctl(DRM_IOCTL_MODE_ATOMIC, &argument), EINVAL, "reserved");
}

TEST_F(KmsErrno, atomic_arrays) {
    light();
    drm_mode_atomic argument{};
    argument.count_objs = 1;
    expect(client.ioctl(DRM_IOCTL_MODE_ATOMIC, &argument), EFAULT, "objs_ptr[0]");
    uint32_t object = crtc_id();
    argument.objs_ptr = address(&object);
    expect(client.ioctl(DRM_IOCTL_MODE_ATOMIC, &argument), EFAULT, "count_props_ptr[0]");
    const uint32_t count = 1;
    argument.count_props_ptr = address(&count);
    expect(client.ioctl(DRM_IOCTL_MODE_ATOMIC, &argument), EFAULT, "props_ptr[0]");
    uint32_t property = 9999;
    argument.props_ptr = address(&property);
    expect(client.ioctl(DRM_IOCTL_MODE_ATOMIC, &argument), ENOENT, "9999 is not attached");
    property = raw(p().active->id());
    expect(client.ioctl(DRM_IOCTL_MODE_ATOMIC, &argument), EFAULT, "prop_values_ptr[0]");
    object = 9999;
    argument.count_props_ptr = 0;  // the object is looked up before its count is read
    expect(client.ioctl(DRM_IOCTL_MODE_ATOMIC, &argument), ENOENT, "object 9999");
    object = fb;
    expect(client.ioctl(DRM_IOCTL_MODE_ATOMIC, &argument), ENOENT, "no properties");
}

TEST_F(KmsErrno, atomic_values) {
    light();
    const Plane& plane = board.primary();
    expect(set_one(board.crtc(), p().fb_id, fb), ENOENT, "not attached");
    expect(set_one(plane, p().fb_id, 9999), EINVAL, "no such framebuffer");
    expect(set_one(plane, p().crtc_id, 9999), EINVAL, "no such CRTC");
    expect(set_one(plane, p().fb_id, crtc_id()), EINVAL, "no such framebuffer");
    expect(set_one(plane, p().fb_id, uint64_t{1} << 32), EINVAL, "no such framebuffer");
    expect(set_one(plane, p().fb_id, 0), EINVAL, "FB_ID is 0");
    expect(set_one(plane, p().crtc_id, 0), EINVAL, "CRTC_ID is 0");
    expect(set_one(plane, p().crtc_x, uint64_t{1} << 40), EINVAL, "CRTC_X");
    expect(set_one(plane, p().crtc_w, 0x80000000), EINVAL, "CRTC_W");
    expect(set_one(plane, p().type, 0), EINVAL, "immutable");
    expect(set_one(board.crtc(), p().active, 2), EINVAL, "ACTIVE = 2");
    expect(set_one(board.screen(), p().dpms, 0), EINVAL, "ATOMIC");
    expect(set_one(board.screen(), p().crtc_id, 9999), EINVAL, "no such CRTC");
    expect(set_one(board.screen(), p().link_status, 1), 0);  // ignored
    EXPECT_EQ(board.screen().state.link_status, 0u);
}

TEST_F(KmsErrno, atomic_flips) {
    light();
    const auto request = [&] { return AtomicRequest().set(board.primary(), p().fb_id, fb); };
    constexpr uint32_t now = DRM_MODE_ATOMIC_NONBLOCK, event = DRM_MODE_PAGE_FLIP_EVENT;
    EXPECT_EQ(request().flags(now | event).call(client), 0);
    EXPECT_EQ(request().flags(now | event).call(client), EBUSY);
    EXPECT_EQ(request().flags(now).call(client), EBUSY);
    EXPECT_EQ(request().flags(now | DRM_MODE_ATOMIC_TEST_ONLY).call(client), 0);
    expect(request().flags(event).pumped(client), 0);
    // The same object in two groups.
    expect(AtomicRequest()
               .set(board.primary(), p().crtc_x, 0)
               .set(board.primary(), p().fb_id, fb)
               .pumped(client),
           0);
}

TEST_F(KmsErrno, atomic_planes) {
    light();
    const Plane& plane = board.primary();
    // The last value of a property counts.
    expect(AtomicRequest().set(plane, p().fb_id, 0).set(plane, p().fb_id, fb).pumped(client), 0);
    expect(AtomicRequest().set(plane, p().fb_id, fb).set(plane, p().fb_id, 0).pumped(client),
           EINVAL, "FB_ID is 0");
    expect(set_one(plane, p().src_w, uint64_t{2000} << 16), ENOSPC, "outside");
    expect(set_one(plane, p().src_x, 0x8000), ENOSPC, "outside");
    expect(
        AtomicRequest().set(plane, p().src_w, 512 << 16).set(plane, p().crtc_w, 512).pumped(client),
        0);
    expect(set_one(plane, p().crtc_w, 0), 0);
    expect(AtomicRequest()
               .set(plane, p().src_w, 1024 << 16)
               .set(plane, p().crtc_w, 1024)
               .set(plane, p().crtc_x, 1)
               .pumped(client),
           0);
    expect(set_one(plane, p().crtc_x, static_cast<uint64_t>(-1)), 0);
    expect(set_one(plane, p().crtc_x, 0x7fffffff), ERANGE, "2^31-1");
    expect(set_one(plane, p().crtc_x, 0), 0);
    expect(set_one(plane, p().crtc_w, 512), ERANGE, "scale");
    expect(set_one(plane, p().fb_id, client.add_fb(1024, 768, DRM_FORMAT_RGB565)), 0);
    expect(set_one(plane, p().fb_id, client.add_fb(640, 480)), ENOSPC, "640x480");
    expect(set_one(plane, p().fb_id, client.add_fb(1024, 768, DRM_FORMAT_ARGB8888)), EINVAL,
           "AR24");
}

TEST_F(KmsErrno61, atomic_primary_must_cover_the_mode) {
    light();
    const Plane& plane = board.primary();
    expect(
        AtomicRequest().set(plane, p().src_w, 512 << 16).set(plane, p().crtc_w, 512).pumped(client),
        EINVAL, "cover");
    expect(set_one(plane, p().crtc_w, 0), EINVAL, "cover");
    expect(set_one(plane, p().crtc_x, 1), EINVAL, "cover");
    expect(set_one(plane, p().crtc_x, static_cast<uint64_t>(-1)), EINVAL, "cover");
}

TEST_F(KmsErrno, atomic_modes) {
    light();
    constexpr uint32_t allow = DRM_MODE_ATOMIC_ALLOW_MODESET;
    const uint32_t other = client.add_mode_blob(mode_800x600());
    expect(set_one(board.crtc(), p().mode_id, other), EINVAL, "ALLOW_MODESET");
    const char junk[8] = {};
    expect(set_one(board.crtc(), p().mode_id, client.add_blob(junk, 8), allow), EINVAL, "8 bytes");
    drm_mode_modeinfo wrong = mode_800x600();
    wrong.clock = 0;
    expect(set_one(board.crtc(), p().mode_id, client.add_mode_blob(wrong), allow), EINVAL,
           "not a valid mode");
    expect(set_one(board.crtc(), p().mode_id, 9999, allow), EINVAL, "no such blob");
    expect(set_one(board.crtc(), p().mode_id, 0, allow), EINVAL, "ACTIVE is 1");
    expect(AtomicRequest()
               .set(board.crtc(), p().mode_id, 0)
               .set(board.crtc(), p().active, 0)
               .flags(allow)
               .pumped(client),
           EINVAL, "MODE_ID is 0");
    expect(set_one(board.screen(), p().crtc_id, 0, allow), EINVAL, "no connector");
    expect(set_one(board.crtc(), p().active, 0), EINVAL, "ACTIVE would change");
    expect(set_one(board.crtc(), p().active, 0, allow | DRM_MODE_ATOMIC_TEST_ONLY), 0);
    expect(set_one(board.crtc(), p().mode_id, other, allow), 0);
    // The same mode in another blob, or under another name, is no modeset.
    drm_mode_modeinfo renamed = mode_800x600();
    std::memcpy(renamed.name, "other", 6);
    expect(set_one(board.crtc(), p().mode_id, client.add_mode_blob(renamed)), 0);
}

TEST_F(KmsErrno, atomic_gamma) {
    light();
    const std::vector<drm_color_lut> table(257);
    expect(set_one(board.crtc(), p().gamma_lut, client.add_blob(table.data(), 12)), EINVAL,
           "whole number");
    expect(set_one(board.crtc(), p().gamma_lut,
                   client.add_blob(table.data(), 257 * sizeof(drm_color_lut))),
           EINVAL, "257 entries");
    expect(set_one(board.crtc(), p().gamma_lut,
                   client.add_blob(table.data(), 256 * sizeof(drm_color_lut))),
           0);
}

TEST_F(KmsErrno, atomic_event_needs_an_active_crtc) {
    expect(set_one(board.crtc(), p().vrr_enabled, 1, DRM_MODE_PAGE_FLIP_EVENT), EINVAL,
           "was 0 and stays 0");
    int32_t slot = 77;
    expect(set_one(board.crtc(), p().out_fence_ptr, address(&slot)), EINVAL, "was 0 and stays 0");
    EXPECT_EQ(slot, -1);
}

TEST_F(KmsErrno, atomic_fences) {
    light();
    const Plane& plane = board.primary();
    expect(set_one(plane, p().in_fence_fd, static_cast<uint64_t>(-1)), 0);
    expect(set_one(plane, p().in_fence_fd, 12345), EINVAL, "not open");
    expect(set_one(plane, p().in_fence_fd, 0), EINVAL, "not a sync_file");
    expect(set_one(plane, p().in_fence_fd, static_cast<uint64_t>(-2)), EINVAL, "IN_FENCE_FD");
    expect(set_one(board.crtc(), p().out_fence_ptr, bad_pointer), EFAULT, "OUT_FENCE_PTR");
    expect(set_one(board.crtc(), p().out_fence_ptr, 0), 0);
    int32_t slot = 77;
    expect(set_one(board.crtc(), p().out_fence_ptr, address(&slot), DRM_MODE_ATOMIC_TEST_ONLY), 0);
    EXPECT_EQ(slot, -1);
    expect(set_one(board.crtc(), p().out_fence_ptr, address(&slot)), 0);
    ASSERT_GE(slot, 0);
    EXPECT_TRUE(is_readable(slot));
    // A good fence, but twice.
    expect(AtomicRequest()
               .set(plane, p().in_fence_fd, static_cast<uint64_t>(slot))
               .set(plane, p().in_fence_fd, static_cast<uint64_t>(slot))
               .pumped(client),
           EINVAL, "set before");
    // Before anything else of the second value is looked at.
    for (const int second : {-1, 12345}) {
        expect(AtomicRequest()
                   .set(plane, p().in_fence_fd, static_cast<uint64_t>(slot))
                   .set(plane, p().in_fence_fd, static_cast<uint64_t>(int64_t{second}))
                   .pumped(client),
               EINVAL, "set before");
    }
    expect(AtomicRequest()
               .set(plane, p().in_fence_fd, static_cast<uint64_t>(-1))
               .set(plane, p().in_fence_fd, static_cast<uint64_t>(slot))
               .pumped(client),
           0);
    expect(set_one(plane, p().in_fence_fd, static_cast<uint64_t>(slot)), 0);
    ::close(slot);
    slot = 77;
    expect(AtomicRequest()
               .set(plane, p().fb_id, 9999)
               .set(board.crtc(), p().out_fence_ptr, address(&slot))
               .pumped(client),
           EINVAL, "no such framebuffer");
    EXPECT_EQ(slot, 77);
    expect(AtomicRequest()
               .set(board.crtc(), p().out_fence_ptr, address(&slot))
               .set(plane, p().src_w, uint64_t{2000} << 16)
               .pumped(client),
           ENOSPC, "outside");
    EXPECT_EQ(slot, -1);
    int32_t first = 77, second = 77;
    expect(AtomicRequest()
               .set(board.crtc(), p().out_fence_ptr, address(&first))
               .set(board.crtc(), p().out_fence_ptr, address(&second))
               .pumped(client),
           0);
    EXPECT_EQ(first, -1);
    EXPECT_GE(second, 0);
    ::close(second);
}

TEST_F(KmsErrno, overlays) {
    light();
    const Plane& overlay = board.overlay();
    const auto on = [&](AtomicRequest& request) -> AtomicRequest& {
        return request.set(overlay, p().crtc_id, crtc_id())
            .set(overlay, p().fb_id, fb)
            .set(overlay, p().crtc_w, 100)
            .set(overlay, p().crtc_h, 100)
            .set(overlay, p().src_w, 100 << 16)
            .set(overlay, p().src_h, 100 << 16);
    };
    AtomicRequest first, second;
    expect(on(first).pumped(client), 0);
    expect(on(second)
               .set(board.primary(), p().fb_id, 0)
               .set(board.primary(), p().crtc_id, 0)
               .pumped(client),
           0);
    expect(AtomicRequest().set(overlay, p().crtc_id, 0).set(overlay, p().fb_id, 0).pumped(client),
           0);
    EXPECT_TRUE(board.crtc().state.active);
}

TEST(KmsErrnoClones, writeback_beside_a_screen_needs_mutual_clones) {
    Board board({.clones = false});
    Client client(board);
    const uint32_t fb = client.add_fb();
    ASSERT_EQ(client.set_crtc(fb), 0) << client.reason();
    const auto& p = board.config().properties;
    EXPECT_EQ(AtomicRequest()
                  .set(board.writeback(), p.crtc_id, raw(board.crtc().id()))
                  .flags(DRM_MODE_ATOMIC_ALLOW_MODESET)
                  .pumped(client),
              EINVAL);
    EXPECT_NE(client.reason().find("possible_clones"), std::string::npos) << client.reason();
}

TEST_F(KmsErrno, writeback_jobs) {
    light();
    const auto job = [&](uint32_t job_fb, uint32_t flags = 0) {
        return set_one(board.writeback(), p().writeback_fb_id, job_fb, flags);
    };
    expect(job(fb), EINVAL, "CRTC_ID is 0");
    expect(job(9999), EINVAL, "no such framebuffer");
    expect(set_one(board.writeback(), p().crtc_id, crtc_id()), EINVAL, "ALLOW_MODESET");
    expect(set_one(board.writeback(), p().crtc_id, crtc_id(), DRM_MODE_ATOMIC_ALLOW_MODESET), 0);
    expect(job(client.add_fb(640, 480)), EINVAL, "640x480");
    expect(job(client.add_fb(1024, 768, DRM_FORMAT_RGB565)), EINVAL, "RG16");
    expect(job(fb), 0);
    ASSERT_EQ(set_one(board.crtc(), p().active, 0, DRM_MODE_ATOMIC_ALLOW_MODESET), 0);
    expect(job(fb), EINVAL, "ACTIVE 0");
}

}  // namespace
}  // namespace plugboard::drm::atomic
