// What Linux answered to one wrong argument at a time in the calls before ATOMIC.
#include <gtest/gtest.h>

#include <vector>

#include "drm/atomic/kms_errno_fixture.h"

namespace plugboard::drm::atomic {
namespace {

TEST_F(KmsErrno, crtc_off) {
    expect(flip(fb), EBUSY, "shows no framebuffer");
    expect(wait_vblank(_DRM_VBLANK_RELATIVE, 0), EINVAL, "is off");
    expect(wait_vblank(_DRM_VBLANK_RELATIVE, 1), EINVAL, "is off");
    drm_crtc_get_sequence get{};
    get.crtc_id = crtc_id();
    expect(client.ioctl(DRM_IOCTL_CRTC_GET_SEQUENCE, &get), EINVAL, "is off");
    drm_crtc_queue_sequence queue{};
    queue.crtc_id = crtc_id();
    expect(client.ioctl(DRM_IOCTL_CRTC_QUEUE_SEQUENCE, &queue), EINVAL, "is off");
}

TEST_F(KmsErrno, set_crtc_objects) {
    expect(try_set_crtc([](auto& set) { set.crtc_id = 9999; }), ENOENT, "crtc_id 9999");
    expect(try_set_crtc([](auto& set) { set.fb_id = 9999; }), ENOENT, "fb_id 9999");
    expect(try_set_crtc([](auto& set) { set.fb_id = ~0u; }), EINVAL, "shows no framebuffer");
    expect(try_set_crtc([](auto& set) { set.count_connectors = 0; }), EINVAL, "no connectors");
    expect(try_set_crtc([](auto& set) { set.count_connectors = 99; }), EINVAL, "99");
    expect(try_set_crtc([](auto& set) { set.set_connectors_ptr = bad_pointer; }), EFAULT, "[0]");
    const uint32_t unknown = 9999;
    expect(try_set_crtc([&](auto& set) { set.set_connectors_ptr = address(&unknown); }), ENOENT,
           "9999");
    expect(try_set_crtc([](auto& set) { set.mode_valid = 0; }), EINVAL, "mode_valid is 0");
}

TEST_F(KmsErrno, set_crtc_geometry) {
    expect(try_set_crtc([](auto& set) { set.x = 0x10000; }), ERANGE, "65535");
    expect(try_set_crtc([](auto& set) { set.x = 1; }), ENOSPC, "outside framebuffer");
    expect(try_set_crtc([](auto& set) { set.y = 1; }), ENOSPC, "outside framebuffer");
    const uint32_t small = client.add_fb(640, 480);
    expect(try_set_crtc([&](auto& set) { set.fb_id = small; }), ENOSPC, "640x480");
    const uint32_t other = client.add_fb(1024, 768, DRM_FORMAT_ARGB8888);
    expect(try_set_crtc([&](auto& set) { set.fb_id = other; }), EINVAL, "AR24");
}

TEST_F(KmsErrno, set_crtc_mode) {
    expect(try_set_crtc([](auto& set) { set.mode.hdisplay = 0; }), EINVAL, "not a valid mode");
    expect(try_set_crtc([](auto& set) { set.mode.clock = 0; }), EINVAL, "not a valid mode");
    expect(try_set_crtc([](auto& set) { set.mode.clock = 0x80000000; }), ERANGE, "mode");
    expect(try_set_crtc([](auto& set) { set.mode.vtotal = 0; }), EINVAL, "not a valid mode");
    expect(try_set_crtc([](auto& set) { set.mode.flags |= 1u << 31; }), EINVAL, "mode");
    drm_set_client_cap aspect{DRM_CLIENT_CAP_ASPECT_RATIO, 0};  // ATOMIC has switched it on
    ASSERT_EQ(client.ioctl(DRM_IOCTL_SET_CLIENT_CAP, &aspect), 0);
    expect(try_set_crtc([](auto& set) { set.mode.flags |= DRM_MODE_FLAG_PIC_AR_16_9; }), EINVAL,
           "aspect");
    expect(try_set_crtc([](auto& set) { set.mode.flags |= DRM_MODE_FLAG_INTERLACE; }), 0);
    expect(try_set_crtc([](auto& set) { set.mode.type = 0xff; }), 0);
    expect(try_set_crtc([](auto& set) { set.mode.vtotal++; }), 0);
    expect(try_set_crtc([](auto&) {}), 0);
    expect(try_set_crtc([](auto&) {}), 0);
    expect(try_set_crtc([](auto& set) { set.fb_id = ~0u; }), 0);
}

TEST_F(KmsErrno, set_crtc_off) {
    light();
    expect(try_set_crtc([](auto& set) {
               set.mode_valid = 0;
               set.count_connectors = 0;
           }),
           0);
    EXPECT_FALSE(board.crtc().state.active);
    EXPECT_FALSE(board.crtc().state.mode);
    EXPECT_EQ(board.screen().state.crtc, nullptr);
    EXPECT_FALSE(board.primary().state.fb);
}

TEST_F(KmsErrno, page_flip) {
    light();
    expect(flip(9999), ENOENT, "fb_id 9999");
    expect(flip(fb, 0, 1), EINVAL, "without a TARGET flag");
    expect(flip(fb, DRM_MODE_PAGE_FLIP_ASYNC), EINVAL, "asynchronous");
    expect(flip(fb, DRM_MODE_PAGE_FLIP_TARGET_ABSOLUTE), EINVAL, "given vblank");
    expect(flip(fb, DRM_MODE_PAGE_FLIP_TARGET), EINVAL, "both TARGET flags");
    expect(flip(fb, 0x10), EINVAL, "unknown bits");
    expect(flip(client.add_fb(640, 480)), ENOSPC, "640x480");
    expect(flip(client.add_fb(1024, 768, DRM_FORMAT_RGB565)), EINVAL, "RG16");
    drm_mode_crtc_page_flip unknown{9999, fb, 0, 0, 0};
    expect(client.ioctl(DRM_IOCTL_MODE_PAGE_FLIP, &unknown), ENOENT, "crtc_id 9999");
    EXPECT_EQ(flip(fb, DRM_MODE_PAGE_FLIP_EVENT), 0);
    expect(flip(fb, DRM_MODE_PAGE_FLIP_EVENT), EBUSY, "not flipped");
    EXPECT_EQ(flip(fb, DRM_MODE_PAGE_FLIP_EVENT), 0);
    expect(flip(fb), EBUSY, "not flipped");
    expect(flip(fb, DRM_MODE_PAGE_FLIP_EVENT), 0);
    ASSERT_EQ(set_one(board.crtc(), p().active, 0, DRM_MODE_ATOMIC_ALLOW_MODESET), 0);
    expect(flip(fb), EINVAL, "ACTIVE is 0");
    expect(flip(fb, DRM_MODE_PAGE_FLIP_EVENT), EINVAL, "ACTIVE is 0");
    // The event's space comes first.
    int reserved = 0;
    while (client.file().reserve_event().ok()) reserved++;
    expect(flip(fb, DRM_MODE_PAGE_FLIP_EVENT), ENOMEM, "no event space");
    while (reserved-- > 0) client.file().cancel_event();
}

TEST_F(KmsErrno, vblank) {
    light();
    int queued = 0;
    drm_wait_vblank wait{};
    for (;; queued++) {
        wait.request.type =
            static_cast<drm_vblank_seq_type>(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_EVENT);
        wait.request.sequence = 1;
        if (client.ioctl(DRM_IOCTL_WAIT_VBLANK, &wait) != 0) break;
    }
    EXPECT_EQ(queued, 128);
    expect(client.ioctl(DRM_IOCTL_WAIT_VBLANK, &wait), ENOMEM, "event space");
    board.vblank();
    EXPECT_EQ(client.vblank_events().size(), 128u);
    expect(wait_vblank(_DRM_VBLANK_RELATIVE, 1), 0);
    expect(wait_vblank(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_SIGNAL, 1), EINVAL, "signals");
    expect(wait_vblank(_DRM_VBLANK_RELATIVE | 4, 1), EINVAL, "CRTC number 2");
    expect(wait_vblank(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_FLIP, 1), EINVAL, "unknown bits");
    expect(wait_vblank(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_SECONDARY, 1), EINVAL, "CRTC number 1");
    expect(wait_vblank(_DRM_VBLANK_RELATIVE | 5 << _DRM_VBLANK_HIGH_CRTC_SHIFT, 1), EINVAL,
           "CRTC number 5");
    expect(wait_vblank(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_EVENT, 1), 0);
    drm_crtc_queue_sequence queue{};
    queue.crtc_id = 9999;
    expect(client.ioctl(DRM_IOCTL_CRTC_QUEUE_SEQUENCE, &queue), ENOENT, "9999");
    queue.crtc_id = crtc_id();
    queue.flags = 4;
    expect(client.ioctl(DRM_IOCTL_CRTC_QUEUE_SEQUENCE, &queue), EINVAL, "flags 0x4");
    queue.flags = 0;
    queue.sequence = 1;
    const uint64_t now = board.crtc().vblank().current().sequence;
    expect(client.ioctl(DRM_IOCTL_CRTC_QUEUE_SEQUENCE, &queue), 0);
    EXPECT_GE(queue.sequence, now);
    queue.flags = DRM_CRTC_SEQUENCE_NEXT_ON_MISS;
    queue.sequence = 1;
    expect(client.ioctl(DRM_IOCTL_CRTC_QUEUE_SEQUENCE, &queue), 0);
    EXPECT_GT(queue.sequence, now);
    drm_crtc_get_sequence get{};
    get.crtc_id = crtc_id();
    expect(client.ioctl(DRM_IOCTL_CRTC_GET_SEQUENCE, &get), 0);
    EXPECT_EQ(get.active, 1u);
    get.crtc_id = 9999;
    expect(client.ioctl(DRM_IOCTL_CRTC_GET_SEQUENCE, &get), ENOENT, "9999");
}

TEST_F(KmsErrno, cursor) {
    light();
    const uint32_t handle = client.make_buffer(64, 64);
    const auto cursor = [&](uint32_t flags, uint32_t width, uint32_t height, uint32_t bo,
                            int32_t x = 0, int32_t y = 0) {
        drm_mode_cursor argument{flags, crtc_id(), x, y, width, height, bo};
        return client.pumped(DRM_IOCTL_MODE_CURSOR, &argument);
    };
    expect(cursor(4, 64, 64, handle), EINVAL, "flags 0x4");
    expect(cursor(0, 64, 64, handle), EINVAL, "flags 0x0");
    expect(cursor(DRM_MODE_CURSOR_BO, 64, 64, 999), ENOENT);
    expect(cursor(DRM_MODE_CURSOR_BO, 64, 64, handle), 0);
    expect(cursor(DRM_MODE_CURSOR_MOVE, 0, 0, 0, -10, -10), 0);
    EXPECT_EQ(board.cursor().state.destination, (Rect{-10, -10, 64, 64}));
    expect(cursor(DRM_MODE_CURSOR_BO, 513, 513, handle), EINVAL);
    expect(cursor(DRM_MODE_CURSOR_BO, 65, 64, handle), EINVAL);
    expect(cursor(DRM_MODE_CURSOR_BO, 32, 32, handle), 0);
    EXPECT_EQ(board.cursor().state.destination, (Rect{-10, -10, 32, 32}));
    expect(cursor(DRM_MODE_CURSOR_BO, 0, 0, handle), EINVAL);
    expect(cursor(DRM_MODE_CURSOR_BO, 0, 0, 0), 0);
    EXPECT_FALSE(board.cursor().state.fb);
    drm_mode_cursor2 unknown{};
    unknown.flags = DRM_MODE_CURSOR_MOVE;
    unknown.crtc_id = 9999;
    expect(client.ioctl(DRM_IOCTL_MODE_CURSOR2, &unknown), ENOENT, "crtc_id 9999");
}

TEST(KmsErrnoWithoutCursor, cursor_calls_have_nothing_to_call) {
    Board board({.cursors = false});
    Client client(board);
    drm_mode_cursor argument{DRM_MODE_CURSOR_BO, raw(board.crtc().id()), 0, 0, 64, 64, 1};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CURSOR, &argument), ENXIO);
    EXPECT_NE(client.reason().find("no cursor plane"), std::string::npos);
    argument.flags = DRM_MODE_CURSOR_MOVE;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CURSOR, &argument), EFAULT);
}

TEST_F(KmsErrno, gamma) {
    light();
    std::vector<uint16_t> ramp(256, 7);
    drm_mode_crtc_lut lut{crtc_id(), 256, address(ramp.data()), address(ramp.data()),
                          address(ramp.data())};
    lut.gamma_size = 255;
    expect(client.pumped(DRM_IOCTL_MODE_SETGAMMA, &lut), EINVAL, "gamma_size");
    lut.gamma_size = 256;
    lut.green = bad_pointer;
    expect(client.pumped(DRM_IOCTL_MODE_SETGAMMA, &lut), EFAULT, "green");
    EXPECT_EQ(board.crtc().legacy_gamma[5], 7);             // red was taken
    EXPECT_EQ(board.crtc().legacy_gamma[256 + 5], 5 << 8);  // green was not
    lut.green = lut.red;
    lut.crtc_id = 9999;
    expect(client.pumped(DRM_IOCTL_MODE_SETGAMMA, &lut), ENOENT, "crtc_id 9999");
    lut.crtc_id = crtc_id();
    expect(client.pumped(DRM_IOCTL_MODE_SETGAMMA, &lut), 0);
    ASSERT_TRUE(board.crtc().state.gamma_lut);
    EXPECT_EQ((*board.crtc().state.gamma_lut)->bytes().size(), 256 * sizeof(drm_color_lut));
}

TEST_F(KmsErrno61, gamma_is_not_there) {
    drm_mode_crtc_lut lut{crtc_id(), 255, 0, 0, 0};
    expect(client.ioctl(DRM_IOCTL_MODE_SETGAMMA, &lut), ENOSYS, "no gamma table");
}

TEST_F(KmsErrno, obj_set_property) {
    light();
    const auto set = [&](uint32_t object, uint32_t type, uint32_t property, uint64_t value) {
        drm_mode_obj_set_property argument{value, property, object, type};
        return client.pumped(DRM_IOCTL_MODE_OBJ_SETPROPERTY, &argument);
    };
    const uint32_t screen = raw(board.screen().id());
    const uint32_t dpms = raw(p().dpms->id());
    expect(set(screen, DRM_MODE_OBJECT_CONNECTOR, dpms, DRM_MODE_DPMS_ON), 0);
    expect(set(screen, DRM_MODE_OBJECT_CONNECTOR, dpms, 4), 0);
    expect(set(screen, DRM_MODE_OBJECT_CONNECTOR, dpms, DRM_MODE_DPMS_ON), 0);
    expect(set(9999, DRM_MODE_OBJECT_CONNECTOR, dpms, 0), ENOENT, "object 9999");
    expect(set(screen, DRM_MODE_OBJECT_CRTC, dpms, 0), ENOENT, "of type");
    expect(set(screen, DRM_MODE_OBJECT_CONNECTOR, 9999, 0), EINVAL, "9999 is not attached");
    expect(set(screen, DRM_MODE_OBJECT_ANY, dpms, DRM_MODE_DPMS_ON), 0);
    expect(set(screen, DRM_MODE_OBJECT_CONNECTOR, raw(p().fb_id->id()), 0), EINVAL, "not attached");
    expect(set(fb, DRM_MODE_OBJECT_FB, dpms, 0), EINVAL, "no properties");
    int32_t slot = 77;
    expect(set(crtc_id(), DRM_MODE_OBJECT_CRTC, raw(p().out_fence_ptr->id()), address(&slot)), 0);
    EXPECT_EQ(slot, -1);
    drm_mode_connector_set_property of_connector{DRM_MODE_DPMS_ON, dpms, screen};
    expect(client.pumped(DRM_IOCTL_MODE_SETPROPERTY, &of_connector), 0);
    of_connector.connector_id = 9999;
    expect(client.pumped(DRM_IOCTL_MODE_SETPROPERTY, &of_connector), ENOENT, "object 9999");
}

TEST_F(KmsErrno, set_plane) {
    light();
    expect(try_set_plane([](auto&) {}), 0);
    expect(try_set_plane([](auto& set) { set.plane_id = 9999; }), ENOENT, "plane_id 9999");
    expect(try_set_plane([](auto& set) { set.fb_id = 9999; }), ENOENT, "fb_id 9999");
    expect(try_set_plane([](auto& set) { set.crtc_id = 9999; }), ENOENT, "crtc_id 9999");
    expect(try_set_plane([](auto& set) { set.crtc_w = 0x80000000; }), ERANGE, "2^31-1");
    expect(try_set_plane([](auto& set) { set.crtc_x = 0x7fffffff; }), ERANGE, "2^31-1");
    expect(try_set_plane([](auto& set) { set.src_x = 2000 << 16; }), ENOSPC, "outside");
    expect(try_set_plane([](auto& set) {
               set.fb_id = 0;
               set.crtc_id = 9999;  // not looked at
           }),
           0);
    expect(try_set_plane([](auto&) {}), 0);
}

TEST(KmsErrnoTwoCrtcs, plane_may_not_go_from_one_crtc_to_another_directly) {
    Board board({.crtcs = 2});
    Client client(board);
    const uint32_t fb = client.add_fb();
    ASSERT_EQ(client.set_crtc(fb, 0), 0) << client.reason();
    ASSERT_EQ(client.set_crtc(fb, 1), 0) << client.reason();
    board.drain();
    drm_mode_set_plane set{};
    set.plane_id = raw(board.overlay().id());
    set.crtc_id = raw(board.crtc(0).id());
    set.fb_id = fb;
    set.crtc_w = set.crtc_h = 100;
    set.src_w = set.src_h = 100 << 16;
    ASSERT_EQ(client.pumped(DRM_IOCTL_MODE_SETPLANE, &set), 0) << client.reason();
    set.crtc_id = raw(board.crtc(1).id());
    EXPECT_EQ(client.pumped(DRM_IOCTL_MODE_SETPLANE, &set), EINVAL);
    EXPECT_NE(client.reason().find("without being 0 between"), std::string::npos)
        << client.reason();
    set.plane_id = raw(board.primary(0).id());
    EXPECT_EQ(client.pumped(DRM_IOCTL_MODE_SETPLANE, &set), EINVAL);
    EXPECT_NE(client.reason().find("cannot be on crtc-1"), std::string::npos) << client.reason();
}

TEST(KmsErrnoTwoCrtcs, set_crtc_takes_a_connector_over_and_switches_its_crtc_off) {
    Board board({.crtcs = 2});
    Client client(board);
    const uint32_t fb = client.add_fb();
    ASSERT_EQ(client.set_crtc(fb, 0), 0) << client.reason();
    const uint32_t connector = raw(board.screen(0).id());
    drm_mode_crtc set{};
    set.crtc_id = raw(board.crtc(1).id());
    set.fb_id = fb;
    set.set_connectors_ptr = address(&connector);
    set.count_connectors = 1;
    set.mode_valid = 1;
    set.mode = mode_1024x768();
    ASSERT_EQ(client.pumped(DRM_IOCTL_MODE_SETCRTC, &set), 0) << client.reason();
    EXPECT_FALSE(board.crtc(0).state.active);
    EXPECT_TRUE(board.crtc(1).state.active);
    EXPECT_EQ(board.screen(0).state.crtc, &board.crtc(1));
}

}  // namespace
}  // namespace plugboard::drm::atomic
