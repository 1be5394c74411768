// MODE_SETPLANE: one plane, blocking.
// Linux: drm_mode_setplane() in drivers/gpu/drm/drm_plane.c
#include "drm/atomic/check.h"
#include "drm/atomic/commit.h"
#include "drm/atomic/lookup.h"
#include "drm/atomic/set_plane.h"
#include "drm/handlers.h"

namespace plugboard::drm {
namespace atomic {

Result<void> check_wanted(Request* request, const Plane& plane, const WantedPlane& wanted) {
    if (!wanted.fb) return {};
    if ((plane.info().possible_crtcs >> wanted.crtc->index() & 1) == 0) {
        if (!request) return Errno::Inval;
        return request->refuse(log::Category::Kms, Errno::Inval, "{}: cannot be on {}",
                               name_of(plane), name_of(*wanted.crtc));
    }
    TRY(check_format(request, plane, **wanted.fb));
    return check_rectangles(request, plane,
                            {.crtc = wanted.crtc,
                             .fb = wanted.fb,
                             .destination = wanted.destination,
                             .source = wanted.source,
                             .in_fence = std::nullopt});
}

void fill(State& state, Plane& plane, const WantedPlane& wanted) {
    PlaneState& next = state.plane(plane);
    next.fb = wanted.fb;
    next.destination = wanted.destination;
    next.source = wanted.source;
    state.set_crtc(plane, wanted.fb ? wanted.crtc : nullptr);
}

}  // namespace atomic

PLUGBOARD_HANDLER(ioctl_set_plane, drm_mode_set_plane) {
    Plane& plane = *TRY(atomic::find_plane(request, file, "plane_id", argument.plane_id));
    atomic::WantedPlane wanted;
    if (argument.fb_id) {
        wanted.fb = TRY(atomic::find_fb(request, device, "fb_id", argument.fb_id));
        wanted.crtc = TRY(atomic::find_crtc(request, file, "crtc_id", argument.crtc_id));
        wanted.destination = {.x = argument.crtc_x,
                              .y = argument.crtc_y,
                              .width = argument.crtc_w,
                              .height = argument.crtc_h};
        wanted.source = {.x = argument.src_x,
                         .y = argument.src_y,
                         .width = argument.src_w,
                         .height = argument.src_h};
    }
    TRY(atomic::check_wanted(&request, plane, wanted));
    const auto is_cursor_of = [&](const Crtc* crtc) {
        return crtc && crtc->info().cursor == &plane;
    };
    bool is_cursor = is_cursor_of(wanted.crtc);
    if (!wanted.fb) {
        MutexLock lock(device.mode_config().lock());
        is_cursor = is_cursor_of(plane.state.crtc);
    }
    return atomic::commit_recipe(
        request, device, {.allow_modeset = true, .legacy_cursor = is_cursor, .file_id = file.id()},
        [&](atomic::State& state) -> Result<void> {
            atomic::fill(state, plane, wanted);
            return {};
        });
}

}  // namespace plugboard::drm
