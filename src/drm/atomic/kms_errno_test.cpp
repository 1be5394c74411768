// What Linux answered to one wrong argument at a time, and why we answer the same.
// Linux: reference/linux-7.2/kms-errno.txt, and linux-6.1 for the rule of its primary plane
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>

#include "drm/atomic/atomic_fixture.h"

namespace plugboard::drm::atomic {
namespace {

uint64_t address(const void* pointer) {
    return reinterpret_cast<uint64_t>(pointer);
}

constexpr uint64_t bad_pointer = 8;

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
        return client.call(DRM_IOCTL_MODE_PAGE_FLIP, &argument);
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

TEST_F(KmsErrno, crtc_off) {
    expect(flip(fb), EBUSY, "shows no framebuffer");
    expect(wait_vblank(_DRM_VBLANK_RELATIVE, 0), EINVAL, "is off");
    expect(wait_vblank(_DRM_VBLANK_RELATIVE, 1), EINVAL, "is off");
    drm_crtc_get_sequence get{};
    get.crtc_id = crtc_id();
    expect(client.call(DRM_IOCTL_CRTC_GET_SEQUENCE, &get), EINVAL, "is off");
    drm_crtc_queue_sequence queue{};
    queue.crtc_id = crtc_id();
    expect(client.call(DRM_IOCTL_CRTC_QUEUE_SEQUENCE, &queue), EINVAL, "is off");
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
    ASSERT_EQ(client.call(DRM_IOCTL_SET_CLIENT_CAP, &aspect), 0);
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
    expect(client.call(DRM_IOCTL_MODE_PAGE_FLIP, &unknown), ENOENT, "crtc_id 9999");
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
        if (client.call(DRM_IOCTL_WAIT_VBLANK, &wait) != 0) break;
    }
    EXPECT_EQ(queued, 128);
    expect(client.call(DRM_IOCTL_WAIT_VBLANK, &wait), ENOMEM, "event space");
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
    expect(client.call(DRM_IOCTL_CRTC_QUEUE_SEQUENCE, &queue), ENOENT, "9999");
    queue.crtc_id = crtc_id();
    queue.flags = 4;
    expect(client.call(DRM_IOCTL_CRTC_QUEUE_SEQUENCE, &queue), EINVAL, "flags 0x4");
    queue.flags = 0;
    queue.sequence = 1;
    const uint64_t now = board.crtc().vblank().current().sequence;
    expect(client.call(DRM_IOCTL_CRTC_QUEUE_SEQUENCE, &queue), 0);
    EXPECT_GE(queue.sequence, now);
    queue.flags = DRM_CRTC_SEQUENCE_NEXT_ON_MISS;
    queue.sequence = 1;
    expect(client.call(DRM_IOCTL_CRTC_QUEUE_SEQUENCE, &queue), 0);
    EXPECT_GT(queue.sequence, now);
    drm_crtc_get_sequence get{};
    get.crtc_id = crtc_id();
    expect(client.call(DRM_IOCTL_CRTC_GET_SEQUENCE, &get), 0);
    EXPECT_EQ(get.active, 1u);
    get.crtc_id = 9999;
    expect(client.call(DRM_IOCTL_CRTC_GET_SEQUENCE, &get), ENOENT, "9999");
}

TEST_F(KmsErrno, cursor) {
    light();
    const uint32_t handle = client.add_buffer(64, 64);
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
    expect(client.call(DRM_IOCTL_MODE_CURSOR2, &unknown), ENOENT, "crtc_id 9999");
}

TEST(KmsErrnoWithoutCursor, cursor_calls_have_nothing_to_call) {
    Board board({.cursors = false});
    Client client(board);
    drm_mode_cursor argument{DRM_MODE_CURSOR_BO, raw(board.crtc().id()), 0, 0, 64, 64, 1};
    EXPECT_EQ(client.call(DRM_IOCTL_MODE_CURSOR, &argument), ENXIO);
    EXPECT_NE(client.reason().find("no cursor plane"), std::string::npos);
    argument.flags = DRM_MODE_CURSOR_MOVE;
    EXPECT_EQ(client.call(DRM_IOCTL_MODE_CURSOR, &argument), EFAULT);
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
    expect(client.call(DRM_IOCTL_MODE_SETGAMMA, &lut), ENOSYS, "no gamma table");
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

TEST_F(KmsErrno, atomic_flags) {
    light();
    drm_set_client_cap off{DRM_CLIENT_CAP_ATOMIC, 0};
    ASSERT_EQ(client.call(DRM_IOCTL_SET_CLIENT_CAP, &off), 0);
    expect(AtomicRequest().call(client), EINVAL, "DRM_CLIENT_CAP_ATOMIC");
    off.value = 1;
    ASSERT_EQ(client.call(DRM_IOCTL_SET_CLIENT_CAP, &off), 0);
    expect(AtomicRequest().call(client), 0);
    expect(AtomicRequest().flags(DRM_MODE_PAGE_FLIP_EVENT).call(client), EINVAL, "no CRTC");
    expect(AtomicRequest().flags(DRM_MODE_ATOMIC_TEST_ONLY | DRM_MODE_PAGE_FLIP_EVENT).call(client),
           EINVAL, "TEST_ONLY");
    expect(AtomicRequest().flags(DRM_MODE_PAGE_FLIP_ASYNC).call(client), EINVAL, "asynchronous");
    expect(AtomicRequest().flags(0x80000000).call(client), EINVAL, "unknown bits");
    drm_mode_atomic argument{};
    argument.reserved = 1;
    expect(client.call(DRM_IOCTL_MODE_ATOMIC, &argument), EINVAL, "reserved");
}

TEST_F(KmsErrno, atomic_arrays) {
    light();
    drm_mode_atomic argument{};
    argument.count_objs = 1;
    expect(client.call(DRM_IOCTL_MODE_ATOMIC, &argument), EFAULT, "objs_ptr[0]");
    uint32_t object = crtc_id();
    argument.objs_ptr = address(&object);
    expect(client.call(DRM_IOCTL_MODE_ATOMIC, &argument), EFAULT, "count_props_ptr[0]");
    const uint32_t count = 1;
    argument.count_props_ptr = address(&count);
    expect(client.call(DRM_IOCTL_MODE_ATOMIC, &argument), EFAULT, "props_ptr[0]");
    uint32_t property = 9999;
    argument.props_ptr = address(&property);
    expect(client.call(DRM_IOCTL_MODE_ATOMIC, &argument), ENOENT, "9999 is not attached");
    property = raw(p().active->id());
    expect(client.call(DRM_IOCTL_MODE_ATOMIC, &argument), EFAULT, "prop_values_ptr[0]");
    object = 9999;
    argument.count_props_ptr = 0;  // the object is looked up before its count is read
    expect(client.call(DRM_IOCTL_MODE_ATOMIC, &argument), ENOENT, "object 9999");
    object = fb;
    expect(client.call(DRM_IOCTL_MODE_ATOMIC, &argument), ENOENT, "no properties");
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
