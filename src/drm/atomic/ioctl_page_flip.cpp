// MODE_PAGE_FLIP: another framebuffer on the primary plane at the next vblank.
// Linux: drm_mode_page_flip_ioctl() in drivers/gpu/drm/drm_plane.c, page_flip_common()
#include "drm/atomic/check.h"
#include "drm/atomic/commit.h"
#include "drm/atomic/lookup.h"
#include "drm/handlers.h"

namespace plugboard::drm {
namespace {

using atomic::name_of;
using atomic::State;
using log::Category;

Result<void> check_flags(Request& request, Device& device,
                         const drm_mode_crtc_page_flip& argument) {
    const uint32_t flags = argument.flags;
    const auto refuse = [&](const char* why) {
        return request.refuse(Category::Kms, Errno::Inval, "flags 0x{:x}, sequence {}: {}", flags,
                              argument.reserved, why);
    };
    if (flags & ~uint32_t{DRM_MODE_PAGE_FLIP_FLAGS}) return refuse("unknown bits");
    const uint32_t target = flags & DRM_MODE_PAGE_FLIP_TARGET;
    if (argument.reserved && !target) return refuse("a sequence without a TARGET flag");
    if (target == DRM_MODE_PAGE_FLIP_TARGET) return refuse("both TARGET flags");
    if ((flags & DRM_MODE_PAGE_FLIP_ASYNC) && !device.info().async_page_flip)
        return refuse("the driver has no asynchronous flips");
    return {};
}

/// What depends on what is shown now. Under the modeset lock.
Result<void> fill(State& state, Crtc& crtc, const Ref<Framebuffer>& fb) {
    Plane& primary = *crtc.info().primary;
    const PlaneState& now = primary.state;
    if (!now.source.fits_in(fb->size()))
        return state.refuse(Errno::NoSpc,
                            "{}: its source rectangle lies outside {}, which is {}x{}",
                            name_of(primary), name_of(*fb), fb->size().width, fb->size().height);
    if ((*now.fb)->format().fourcc != fb->format().fourcc)
        return state.refuse(Errno::Inval, "{}: {} has format {}, what is shown has {}",
                            name_of(primary), name_of(*fb), fourcc_name(fb->format().fourcc),
                            fourcc_name((*now.fb)->format().fourcc));
    state.plane(primary).fb = fb;
    state.set_crtc(primary, &crtc);
    return {};
}

Result<void> check_shows_something(Request& request, Device& device, const Crtc& crtc) {
    MutexLock lock(device.mode_config().lock());
    if (crtc.info().primary->state.fb) return {};
    return request.refuse(Category::Kms, Errno::Busy, "{}: its primary plane shows no framebuffer",
                          name_of(crtc));
}

}  // namespace

PLUGBOARD_HANDLER(ioctl_page_flip, drm_mode_crtc_page_flip) {
    TRY(check_flags(request, device, argument));
    Crtc& crtc = *TRY(atomic::find_crtc(request, file, "crtc_id", argument.crtc_id));
    TRY(atomic::expect_leased(request, file, *crtc.info().primary));
    if (argument.flags & DRM_MODE_PAGE_FLIP_TARGET)
        return request.refuse(Category::Kms, Errno::Inval,
                              "flags 0x{:x}: the driver cannot flip at a given vblank",
                              argument.flags);
    TRY(check_shows_something(request, device, crtc));
    const Ref<Framebuffer> fb = TRY(atomic::find_fb(request, device, "fb_id", argument.fb_id));
    std::optional<uint64_t> event;
    if (argument.flags & DRM_MODE_PAGE_FLIP_EVENT) event = argument.user_data;
    const auto recipe = [&](State& state) -> Result<void> {
        if (!crtc.info().primary->state.fb)
            return state.refuse(Errno::Busy, "{}: its primary plane shows no framebuffer",
                                name_of(crtc));
        TRY(fill(state, crtc, fb));
        state.crtc(crtc).async_flip = (argument.flags & DRM_MODE_PAGE_FLIP_ASYNC) != 0;
        return {};
    };
    const auto state = State::create(
        device, &request, {.nonblock = true, .page_flip = true, .file_id = file.id()}, recipe);
    atomic::Signals signals(request, device, file, event);
    return atomic::commit(request, state, signals);
}

}  // namespace plugboard::drm
