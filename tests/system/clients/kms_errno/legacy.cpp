// The calls before ATOMIC.
#include <array>
#include <cstdio>
#include <functional>
#include <string>

#include "tests/system/clients/kms_errno/probe.h"
#include "tests/system/clients/kms_errno/report.h"

namespace kms_errno {

using client::must;

void Probe::probe_off() const {
    say("PAGE_FLIP before any modeset", page_flip([](auto&) {}));
    say("WAIT_VBLANK query, CRTC off", wait_vblank(_DRM_VBLANK_RELATIVE, 0));
    say("WAIT_VBLANK +1, CRTC off", wait_vblank(_DRM_VBLANK_RELATIVE, 1));
    drm_crtc_get_sequence get{};
    get.crtc_id = crtc_;
    say("CRTC_GET_SEQUENCE, CRTC off", card_.call(DRM_IOCTL_CRTC_GET_SEQUENCE, get));
    say("CRTC_QUEUE_SEQUENCE, CRTC off", queue_sequence([](auto&) {}));
}

void Probe::probe_set_crtc() const {
    const auto probe = [&](const char* what, const std::function<void(drm_mode_crtc&)>& edit) {
        say(std::string("SETCRTC ") + what, set_crtc(edit));
    };
    probe("crtc unknown", [](auto& a) { a.crtc_id = unknown; });
    probe("fb unknown", [](auto& a) { a.fb_id = unknown; });
    probe("no connectors", [](auto& a) { a.count_connectors = 0; });
    probe("x 1", [](auto& a) { a.x = 1; });
    probe("y 1", [](auto& a) { a.y = 1; });
    probe("fb smaller than mode", [&](auto& a) { a.fb_id = small_.fb; });
    probe("mode hdisplay 0", [](auto& a) { a.mode.hdisplay = 0; });
    probe("mode clock 0", [](auto& a) { a.mode.clock = 0; });
    probe("mode clock 0x7fffffff", [](auto& a) { a.mode.clock = 0x7fffffff; });
    probe("mode vtotal 0", [](auto& a) { a.mode.vtotal = 0; });
    probe("mode flags 1<<31", [](auto& a) { a.mode.flags |= 1u << 31; });
    probe("mode interlaced", [](auto& a) { a.mode.flags |= DRM_MODE_FLAG_INTERLACE; });
    probe("mode type 0xff", [](auto& a) { a.mode.type = 0xff; });
    probe("not a listed mode: vtotal+1", [](auto& a) { a.mode.vtotal++; });
    probe("mode_valid 0 with connectors", [](auto& a) { a.mode_valid = 0; });
    probe("good", [](auto&) {});
    probe("good again", [](auto&) {});
}

void Probe::probe_page_flip() const {
    const auto probe = [&](const char* what,
                           const std::function<void(drm_mode_crtc_page_flip&)>& edit) {
        say(std::string("PAGE_FLIP ") + what, page_flip(edit));
    };
    probe("fb unknown", [](auto& a) { a.fb_id = unknown; });
    probe("reserved 1", [](auto& a) { a.reserved = 1; });
    probe("ASYNC", [](auto& a) { a.flags = DRM_MODE_PAGE_FLIP_ASYNC; });
    probe("TARGET_ABSOLUTE", [](auto& a) { a.flags = DRM_MODE_PAGE_FLIP_TARGET_ABSOLUTE; });
    probe("fb smaller", [&](auto& a) { a.fb_id = small_.fb; });
    probe("fb other format", [&](auto& a) { a.fb_id = rgb16_.fb; });

    const auto with_event = [](auto& a) { a.flags = DRM_MODE_PAGE_FLIP_EVENT; };
    say_between_vblanks({
        {"PAGE_FLIP good, event", [&] { return page_flip(with_event); }},
        {"PAGE_FLIP again at once, event", [&] { return page_flip(with_event); }},
        {"PAGE_FLIP again at once, no event", [&] { return page_flip([](auto&) {}); }},
    });
    take_events(1);
    say("PAGE_FLIP same fb, event", page_flip(with_event));
    take_events(1);
}

void Probe::probe_vblank() const {
    int queued = 0;
    int error = 0;
    while (error == 0 && queued < 1000) {
        error = wait_vblank(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_EVENT, 1);
        if (error == 0) queued++;
    }
    const std::string count = std::to_string(queued) + " then ";
    say("WAIT_VBLANK events that can be queued", 0, count + name_of(error));
    mark("WAIT_VBLANK events that can be queued", error);
    take_events(queued);

    say("WAIT_VBLANK relative 1", wait_vblank(_DRM_VBLANK_RELATIVE, 1));
    say("WAIT_VBLANK signal", wait_vblank(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_SIGNAL, 1));
    say("WAIT_VBLANK type bit 2", wait_vblank(_DRM_VBLANK_RELATIVE | 1u << 2, 1));
    say("WAIT_VBLANK secondary (crtc 1)",
        wait_vblank(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_SECONDARY, 1));
    say("WAIT_VBLANK high crtc 5",
        wait_vblank(_DRM_VBLANK_RELATIVE | 5u << _DRM_VBLANK_HIGH_CRTC_SHIFT, 1));
    say("WAIT_VBLANK event", wait_vblank(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_EVENT, 1));
    take_events(1);
}

void Probe::probe_sequence() const {
    const auto probe = [&](const char* what,
                           const std::function<void(drm_crtc_queue_sequence&)>& edit) {
        const int error = queue_sequence(edit);
        say(std::string("CRTC_QUEUE_SEQUENCE ") + what, error);
        if (error == 0) take_events(1);
    };
    probe("crtc unknown", [](auto& a) { a.crtc_id = unknown; });
    probe("flags 4", [](auto& a) { a.flags = 4; });
    probe("absolute 1 (past)", [](auto&) {});
    probe("absolute 1, next on miss", [](auto& a) { a.flags = DRM_CRTC_SEQUENCE_NEXT_ON_MISS; });
    drm_crtc_get_sequence get{};
    get.crtc_id = crtc_;
    say("CRTC_GET_SEQUENCE good", card_.call(DRM_IOCTL_CRTC_GET_SEQUENCE, get));
    std::printf("    active %u\n", get.active);
}

void Probe::probe_cursor() const {
    cursor("flags 4", [](auto& a) { a.flags = 4; });
    cursor("handle unknown", [](auto& a) { a.handle = unknown; });
    cursor("64x64", [](auto&) {});
    cursor("move -10,-10", [](auto& a) {
        a.flags = DRM_MODE_CURSOR_MOVE;
        a.x = a.y = -10;
    });
    cursor("513x513 of a 64x64 buffer", [](auto& a) { a.width = a.height = 513; });
    cursor("65x64 of a 64x64 buffer", [](auto& a) { a.width = 65; });
    cursor("32x32", [](auto& a) { a.width = a.height = 32; });
    cursor("0x0", [](auto& a) { a.width = a.height = 0; });
    cursor("off", [](auto& a) { a.handle = 0; });
}

void Probe::probe_gamma() const {
    std::array<uint16_t, 256> ramp{};
    const auto ramps = [&](uint32_t crtc, uint32_t size, uint64_t colours) {
        drm_mode_crtc_lut lut{};
        lut.crtc_id = crtc;
        lut.gamma_size = size;
        lut.red = lut.green = lut.blue = colours;
        return lut;
    };
    const uint64_t good = Card::address(ramp.data());
    drm_mode_crtc_lut argument = ramps(crtc_, 256, good);
    say("GETGAMMA 256", card_.call(DRM_IOCTL_MODE_GETGAMMA, argument));
    argument = ramps(crtc_, 255, good);
    say("SETGAMMA 255", card_.call(DRM_IOCTL_MODE_SETGAMMA, argument));
    argument = ramps(crtc_, 256, bad_pointer);
    say("SETGAMMA bad pointer", card_.call(DRM_IOCTL_MODE_SETGAMMA, argument));
    argument = ramps(unknown, 256, good);
    say("SETGAMMA crtc unknown", card_.call(DRM_IOCTL_MODE_SETGAMMA, argument));
    drm_mode_crtc get{};
    get.crtc_id = crtc_;
    must(card_.call(DRM_IOCTL_MODE_GETCRTC, get) == 0, "GETCRTC");
    std::printf("    GETCRTC gamma_size %u mode_valid %u fb set %d x %u y %u\n", get.gamma_size,
                get.mode_valid, get.fb_id != 0, get.x, get.y);
}

void Probe::probe_set_plane() const {
    const auto probe = [&](const char* what, const std::function<void(drm_mode_set_plane&)>& edit) {
        say(std::string("SETPLANE ") + what, set_plane(edit));
    };
    probe("good", [](auto&) {});
    probe("plane unknown", [](auto& a) { a.plane_id = unknown; });
    probe("crtc unknown", [](auto& a) { a.crtc_id = unknown; });
    probe("crtc_w 0x80000000", [](auto& a) { a.crtc_w = 0x80000000; });
    probe("crtc_x overflow", [](auto& a) { a.crtc_x = 0x7fffffff; });
    probe("fb 0 (off)", [](auto& a) { a.fb_id = 0; });
    probe("good again", [](auto&) {});
}

}  // namespace kms_errno
