// ATOMIC.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "tests/system/clients/kms_errno/probe.h"
#include "tests/system/clients/kms_errno/report.h"

namespace kms_errno {

using client::must;

namespace {

void set_cap(const Card& card, uint64_t cap) {
    drm_set_client_cap set{cap, 1};
    must(card.call(DRM_IOCTL_SET_CLIENT_CAP, set) == 0, "SET_CLIENT_CAP");
}

}  // namespace

void Probe::probe_atomic_request() const {
    say("ATOMIC without the cap", atomic({}, 0));
    drm_set_client_cap writeback{DRM_CLIENT_CAP_WRITEBACK_CONNECTORS, 1};
    say("WRITEBACK cap before ATOMIC", card_.call(DRM_IOCTL_SET_CLIENT_CAP, writeback));
    set_cap(card_, DRM_CLIENT_CAP_ATOMIC);
    say("WRITEBACK cap after ATOMIC", card_.call(DRM_IOCTL_SET_CLIENT_CAP, writeback));

    say("ATOMIC empty", atomic({}, 0));
    const Card::Value good{primary_, fb_id_, first_.fb};
    say("ATOMIC TEST_ONLY with EVENT",
        atomic({good}, DRM_MODE_ATOMIC_TEST_ONLY | DRM_MODE_PAGE_FLIP_EVENT));
    say("ATOMIC ASYNC", atomic({good}, DRM_MODE_PAGE_FLIP_ASYNC));
    drm_mode_atomic null_pointers{};
    null_pointers.count_objs = 1;
    say("ATOMIC one object, null pointers", card_.call(DRM_IOCTL_MODE_ATOMIC, null_pointers));
    say("ATOMIC property unknown", atomic({{primary_, unknown, 0}}));
    say("ATOMIC property of another object type", atomic({{primary_, active_, 1}}));
    say("ATOMIC FB unknown", atomic({{primary_, fb_id_, unknown}}));
    say("ATOMIC CRTC_ID unknown", atomic({{primary_, plane_crtc_, unknown}}));
    say("ATOMIC CRTC without FB", atomic({{primary_, fb_id_, 0}}));
}

void Probe::probe_atomic_flip() const {
    const std::vector<Card::Value> flip = {{primary_, fb_id_, second_.fb}};
    const uint32_t event = DRM_MODE_PAGE_FLIP_EVENT, nonblock = DRM_MODE_ATOMIC_NONBLOCK;
    const uint32_t test = DRM_MODE_ATOMIC_TEST_ONLY;
    say_between_vblanks({
        {"ATOMIC good flip, EVENT, NONBLOCK", [&] { return atomic(flip, event | nonblock); }},
        {"ATOMIC again at once, EVENT, NONBLOCK", [&] { return atomic(flip, event | nonblock); }},
        {"ATOMIC again at once, NONBLOCK", [&] { return atomic(flip, nonblock); }},
        {"ATOMIC again at once, TEST_ONLY NONBLOCK", [&] { return atomic(flip, test | nonblock); }},
    });
    say("ATOMIC again at once, blocking EVENT", atomic(flip, event));
    take_events(2);

    say("ATOMIC same property twice, last wins",
        atomic({{primary_, fb_id_, first_.fb}, {primary_, fb_id_, 0}}));
    say("ATOMIC same object in two groups",
        atomic({{primary_, fb_id_, first_.fb}, {crtc_, active_, 1}, {primary_, crtc_x_, 0}}));
}

void Probe::probe_atomic_geometry() const {
    say("ATOMIC SRC_W larger than fb", atomic({{primary_, src_w_, 1025 << 16}}));
    say("ATOMIC SRC_W and CRTC_W half (windowed primary)",
        atomic({{primary_, src_w_, 512 << 16}, {primary_, crtc_w_, 512}}));
    say("ATOMIC CRTC_W 0", atomic({{primary_, crtc_w_, 0}}));
    say("ATOMIC CRTC_X 1", atomic({{primary_, crtc_x_, 1}}));
    say("ATOMIC CRTC_X -1", atomic({{primary_, crtc_x_, ~uint64_t{0}}}));
    say("ATOMIC CRTC_X 1<<40", atomic({{primary_, crtc_x_, uint64_t{1} << 40}}));
    say("ATOMIC CRTC_W 0x80000000", atomic({{primary_, crtc_w_, 0x80000000}}));
    say("ATOMIC fractional SRC_X", atomic({{primary_, src_x_, 0x8000}}));
    say("ATOMIC fb RG16", atomic({{primary_, fb_id_, rgb16_.fb}}));
    say("ATOMIC fb smaller", atomic({{primary_, fb_id_, small_.fb}}));
}

void Probe::probe_rotation() const {
    if (rotation_ == 0) return;  // Linux 6.1 has no such property
    say("ATOMIC rotation 90, size kept", atomic({{primary_, rotation_, DRM_MODE_ROTATE_90}}));
    say("ATOMIC rotation two angles",
        atomic({{primary_, rotation_, DRM_MODE_ROTATE_0 | DRM_MODE_ROTATE_90}}));
    say("ATOMIC rotation none", atomic({{primary_, rotation_, 0}}));
    say("ATOMIC rotation 180", atomic({{primary_, rotation_, DRM_MODE_ROTATE_180}}));
}

void Probe::probe_atomic_modeset() const {
    drm_mode_modeinfo other{};  // VESA's 800x600 at 60 Hz
    other.clock = 40000;
    other.hdisplay = 800, other.hsync_start = 840, other.hsync_end = 968, other.htotal = 1056;
    other.vdisplay = 600, other.vsync_start = 601, other.vsync_end = 605, other.vtotal = 628;
    other.flags = DRM_MODE_FLAG_PHSYNC | DRM_MODE_FLAG_PVSYNC;
    const uint32_t other_mode = create_blob(&other, sizeof(other));
    std::array<uint8_t, sizeof(drm_mode_modeinfo)> bytes{};
    bytes.fill(0xff);
    const uint32_t junk = create_blob(bytes.data(), sizeof(bytes));

    const uint32_t test = DRM_MODE_ATOMIC_TEST_ONLY;
    const uint32_t modeset = test | DRM_MODE_ATOMIC_ALLOW_MODESET;
    say("ATOMIC MODE_ID other without ALLOW_MODESET",
        atomic({{crtc_, mode_id_, other_mode}}, test));
    say("ATOMIC MODE_ID junk blob", atomic({{crtc_, mode_id_, junk}}, modeset));
    say("ATOMIC MODE_ID unknown blob", atomic({{crtc_, mode_id_, unknown}}, modeset));
    say("ATOMIC MODE_ID 0, ACTIVE 0, connector kept",
        atomic({{crtc_, mode_id_, 0}, {crtc_, active_, 0}}, modeset));
    say("ATOMIC connector CRTC_ID 0, crtc kept",
        atomic({{connector_, connector_crtc_, 0}}, modeset));
    say("ATOMIC connector CRTC_ID unknown",
        atomic({{connector_, connector_crtc_, unknown}}, modeset));
    say("ATOMIC 800x600 mode with 1024x768 plane",
        atomic({{crtc_, mode_id_, other_mode}}, modeset));
    say("ATOMIC ACTIVE 0 only, TEST_ONLY", atomic({{crtc_, active_, 0}}, modeset));
}

void Probe::probe_fences() const {
    const Card::Value flip{primary_, fb_id_, first_.fb};
    say("ATOMIC IN_FENCE_FD -1", atomic({flip, {primary_, in_fence_, ~uint64_t{0}}}));
    say("ATOMIC IN_FENCE_FD 12345", atomic({flip, {primary_, in_fence_, 12345}}));

    int32_t slot = 77;
    const Card::Value out{crtc_, out_fence_, Card::address(&slot)};
    const auto print_slot = [&] {
        std::printf("    out fence slot %s\n",
                    slot >= 0 && slot != 77 ? "an fd" : std::to_string(slot).c_str());
    };
    say("ATOMIC OUT_FENCE_PTR TEST_ONLY", atomic({flip, out}));
    print_slot();
    slot = 77;
    say("ATOMIC OUT_FENCE_PTR good", atomic({flip, out}, DRM_MODE_ATOMIC_NONBLOCK));
    print_slot();
    errno = ETIME;
    print("    poll of the out fence within 100 ms",
          name_of(error_of(client::poll_for(slot, POLLIN, 100) == POLLIN)));
    if (slot >= 0) close(slot);
    slot = 77;
    say("ATOMIC OUT_FENCE_PTR after a bad property",
        atomic({{primary_, fb_id_, unknown}, out}, DRM_MODE_ATOMIC_NONBLOCK));
    print_slot();
    slot = 77;
    say("ATOMIC OUT_FENCE_PTR with a failing check",
        atomic({{primary_, fb_id_, small_.fb}, out}, DRM_MODE_ATOMIC_NONBLOCK));
    print_slot();
}

void Probe::probe_planes() const {
    const std::vector<Card::Value> overlay_on = {
        {overlay_, fb_id_, small_.fb}, {overlay_, plane_crtc_, crtc_},
        {overlay_, src_x_, 0},         {overlay_, src_y_, 0},
        {overlay_, src_w_, 400 << 16}, {overlay_, src_h_, 300 << 16},
        {overlay_, crtc_x_, 100},      {overlay_, crtc_y_, 50},
        {overlay_, crtc_w_, 400},      {overlay_, crtc_h_, 300},
    };
    const std::vector<Card::Value> primary_off = {{primary_, fb_id_, 0},
                                                  {primary_, plane_crtc_, 0}};
    const auto together = [](std::vector<Card::Value> values,
                             const std::vector<Card::Value>& more) {
        values.insert(values.end(), more.begin(), more.end());
        return values;
    };
    say("ATOMIC overlay on", atomic(overlay_on, 0));
    say("ATOMIC primary off, overlay on", atomic(together(primary_off, overlay_on), 0));
    say("ATOMIC overlay off", atomic({{overlay_, fb_id_, 0}, {overlay_, plane_crtc_, 0}}, 0));
    say("ATOMIC primary off, crtc active", atomic(together(primary_off, {{crtc_, active_, 1}}), 0));
}

}  // namespace kms_errno
