// GETFB, GETFB2: what a framebuffer is made of.
// Linux: drivers/gpu/drm/drm_framebuffer.c
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "drm/gem/handles.h"
#include "drm/handlers.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {
namespace {

Result<Ref<Framebuffer>> look_up(Request& request, Device& device, uint32_t id) {
    if (auto fb = find_framebuffer(device, ObjectId{id})) return *std::move(fb);
    return request.refuse(kms, Errno::NoEnt, "there is no framebuffer {}", id);
}

/// Handles give access to the pixels, so not everybody gets them.
bool may_have_handles(const Request& request, const File& file) {
    return is_current_master(file) || request.caller().is_root();
}

/// The handles that a call has made before it failed.
void take_back(File& file, drm_mode_fb_cmd2& argument) {
    for (uint32_t& handle : argument.handles) {
        if (handle != 0) gem::close_handle(file, handle);  // again for the same one: no harm
        handle = 0;
    }
}

Errno no_object(Request& request, const Framebuffer& fb) {
    return request.refuse(kms, Errno::NoDev, "framebuffer {} has no buffer object", raw(fb.id()));
}

}  // namespace

Result<void> ioctl_get_fb(Request& request, Device& device, File& file, drm_mode_fb_cmd& argument) {
    const Ref<Framebuffer> fb = TRY(look_up(request, device, argument.fb_id));
    if (fb->format().num_planes > 1) {
        return request.refuse(kms, Errno::Inval, "framebuffer {} has {} planes", argument.fb_id,
                              fb->format().num_planes);
    }
    const FramebufferPlane& plane = fb->info().planes[0];
    if (!plane.object) return no_object(request, *fb);
    argument.height = fb->size().height;
    argument.width = fb->size().width;
    argument.depth = fb->format().depth;
    argument.bpp = bits_per_pixel(fb->format());
    argument.pitch = plane.pitch;
    argument.handle = 0;
    if (may_have_handles(request, file))
        argument.handle = TRY(gem::create_handle(request, file, *plane.object));
    return {};
}

Result<void> ioctl_get_fb2(Request& request, Device& device, File& file,
                           drm_mode_fb_cmd2& argument) {
    const Ref<Framebuffer> fb = TRY(look_up(request, device, argument.fb_id));
    const FramebufferInfo& info = fb->info();
    if (!info.planes[0].object) return no_object(request, *fb);
    const bool has_modifiers = device.mode_config().limits.modifiers;
    argument.width = info.size.width;
    argument.height = info.size.height;
    argument.pixel_format = info.format->fourcc;
    argument.flags = has_modifiers ? static_cast<uint32_t>(DRM_MODE_FB_MODIFIERS) : 0;
    std::memset(argument.handles, 0, sizeof(argument.handles));
    std::memset(argument.pitches, 0, sizeof(argument.pitches));
    std::memset(argument.offsets, 0, sizeof(argument.offsets));
    std::memset(argument.modifier, 0, sizeof(argument.modifier));
    const bool gives_handles = may_have_handles(request, file);
    for (uint32_t i = 0; i < info.format->num_planes; i++) {
        argument.pitches[i] = info.planes[i].pitch;
        argument.offsets[i] = info.planes[i].offset;
        if (has_modifiers) argument.modifier[i] = info.modifier;
        if (!gives_handles) continue;
        const MaybeRef<gem::Object>& object = info.planes[i].object;
        // The same object in several planes has one handle.
        for (uint32_t earlier = 0; earlier < i; earlier++) {
            if (*info.planes[earlier].object == *object)
                argument.handles[i] = argument.handles[earlier];
        }
        if (argument.handles[i] != 0) continue;
        const auto made = gem::create_handle(request, file, *object);
        if (!made.ok()) {
            take_back(file, argument);
            return made.error();
        }
        argument.handles[i] = *made;
    }
    return {};
}

}  // namespace plugboard::drm
