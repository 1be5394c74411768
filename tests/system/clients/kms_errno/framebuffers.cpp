// ADDFB and ADDFB2, and what is done with a framebuffer.
#include <array>
#include <functional>
#include <string>

#include "tests/system/clients/kms_errno/probe.h"
#include "tests/system/clients/kms_errno/report.h"

namespace kms_errno {

using client::must;

void probe_addfb2(const Card& card, uint32_t handle) {
    const auto probe = [&](const char* what, const std::function<void(drm_mode_fb_cmd2&)>& spoil) {
        drm_mode_fb_cmd2 add{};
        add.width = 1024;
        add.height = 768;
        add.pixel_format = DRM_FORMAT_XRGB8888;
        add.handles[0] = handle;
        add.pitches[0] = 4096;
        spoil(add);
        const int error = card.call(DRM_IOCTL_MODE_ADDFB2, add);
        say(std::string("ADDFB2 ") + what, error);
        uint32_t id = add.fb_id;
        if (error == 0) must(card.call(DRM_IOCTL_MODE_RMFB, id) == 0, "RMFB");
    };
    probe("good", [](auto&) {});
    probe("width 0", [](auto& a) { a.width = 0; });
    probe("height 0", [](auto& a) { a.height = 0; });
    probe("width 8193", [](auto& a) { a.width = 8193; });
    probe("width 9", [](auto& a) { a.width = 9; });
    probe("width 10 height 10", [](auto& a) { a.width = a.height = 10; });
    probe("height 769", [](auto& a) { a.height = 769; });
    probe("pitch 0", [](auto& a) { a.pitches[0] = 0; });
    probe("pitch 4095", [](auto& a) { a.pitches[0] = 4095; });
    probe("pitch 4096+4", [](auto& a) { a.pitches[0] = 4096 + 4; });
    probe("pitch 8192 (too small buffer)", [](auto& a) { a.pitches[0] = 8192; });
    probe("offset 4096", [](auto& a) { a.offsets[0] = 4096; });
    probe("offset 1, height 100", [](auto& a) {
        a.offsets[0] = 1;
        a.height = 100;
    });
    probe("handle unknown", [](auto& a) { a.handles[0] = unknown; });
    probe("handle[1] set", [](auto& a) { a.handles[1] = a.handles[0]; });
    probe("offset[1] set", [](auto& a) { a.offsets[1] = 4096; });
    const uint32_t modifiers = DRM_MODE_FB_MODIFIERS;
    probe("flag MODIFIERS, linear", [&](auto& a) { a.flags = modifiers; });
    probe("flag MODIFIERS, I915_X", [&](auto& a) {
        a.flags = modifiers;
        a.modifier[0] = I915_FORMAT_MOD_X_TILED;
    });
    probe("flag MODIFIERS, modifier[1] set", [&](auto& a) {
        a.flags = modifiers;
        a.modifier[1] = I915_FORMAT_MOD_X_TILED;
    });
    probe("flag INTERLACED", [](auto& a) { a.flags = DRM_MODE_FB_INTERLACED; });
    probe("flag 4", [](auto& a) { a.flags = 4; });
    probe("format 0", [](auto& a) { a.pixel_format = 0; });
    probe("format RG16 on a 32-bit buffer", [](auto& a) { a.pixel_format = DRM_FORMAT_RGB565; });
    probe("format NV12 one plane", [](auto& a) { a.pixel_format = DRM_FORMAT_NV12; });
    probe("format C8", [](auto& a) { a.pixel_format = DRM_FORMAT_C8; });
    probe("format big-endian XR24",
          [](auto& a) { a.pixel_format = DRM_FORMAT_XRGB8888 | DRM_FORMAT_BIG_ENDIAN; });
}

void probe_addfb(const Card& card, uint32_t handle) {
    const auto probe = [&](const char* what, uint32_t bpp, uint32_t depth) {
        drm_mode_fb_cmd add{};
        add.width = 1024;
        add.height = 768;
        add.pitch = 4096;
        add.bpp = bpp;
        add.depth = depth;
        add.handle = handle;
        const int error = card.call(DRM_IOCTL_MODE_ADDFB, add);
        say(std::string("ADDFB ") + what, error);
        uint32_t id = add.fb_id;
        if (error == 0) must(card.call(DRM_IOCTL_MODE_RMFB, id) == 0, "RMFB");
    };
    probe("good", 32, 24);
    probe("bpp 32 depth 30", 32, 30);
    probe("bpp 8 depth 8", 8, 8);
    probe("bpp 24 depth 24", 24, 24);
}

void probe_framebuffer(const Card& card, uint32_t fb) {
    uint32_t id = unknown;
    say("RMFB unknown", card.call(DRM_IOCTL_MODE_RMFB, id));
    drm_mode_fb_cmd get{};
    get.fb_id = unknown;
    say("GETFB unknown", card.call(DRM_IOCTL_MODE_GETFB, get));
    get = {};
    get.fb_id = fb;
    const int error = card.call(DRM_IOCTL_MODE_GETFB, get);
    say("GETFB own", error);
    if (error == 0) {
        drm_gem_close close_handle{get.handle, 0};
        must(card.call(DRM_IOCTL_GEM_CLOSE, close_handle) == 0, "GEM_CLOSE");
    }

    std::array<drm_clip_rect, 300> clips{};
    clips.fill({0, 0, 10, 10});
    const auto probe = [&](const char* what, uint32_t count, uint32_t flags) {
        drm_mode_fb_dirty_cmd dirty{};
        dirty.fb_id = fb;
        dirty.flags = flags;
        dirty.num_clips = count;
        dirty.clips_ptr = count == 0 ? 0 : Card::address(clips.data());
        say(std::string("DIRTYFB ") + what, card.call(DRM_IOCTL_MODE_DIRTYFB, dirty));
    };
    probe("no clips", 0, 0);
    probe("one clip", 1, 0);
    probe("flags 3", 1, 3);
    probe("300 clips", 300, 0);
}

}  // namespace kms_errno
