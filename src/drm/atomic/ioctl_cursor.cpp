// MODE_CURSOR and MODE_CURSOR2, on the CRTC's cursor plane.
// Linux: drm_mode_cursor_common(), drm_mode_cursor_universal() in drivers/gpu/drm/drm_plane.c
#include <drm_fourcc.h>

#include "drm/atomic/check.h"
#include "drm/atomic/commit.h"
#include "drm/atomic/lookup.h"
#include "drm/atomic/set_plane.h"
#include "drm/handlers.h"

namespace plugboard::drm {
namespace {

using atomic::name_of;
using atomic::State;
using log::Category;

/// Legacy drivers had hooks of their own; without a plane there is nothing to call.
Errno refuse_without_plane(Request& request, const Crtc& crtc, const drm_mode_cursor2& argument) {
    const bool has_buffer = (argument.flags & DRM_MODE_CURSOR_BO) != 0;
    return request.refuse(Category::Kms, has_buffer ? Errno::NxIo : Errno::Fault,
                          "{}: it has no cursor plane", name_of(crtc));
}

Result<Ref<Framebuffer>> make_fb(Request& request, Device& device, File& file,
                                 const drm_mode_cursor2& argument) {
    drm_mode_fb_cmd2 command{};
    command.width = argument.width;
    command.height = argument.height;
    command.pixel_format = DRM_FORMAT_ARGB8888;
    command.pitches[0] = argument.width * 4;
    command.handles[0] = argument.handle;
    return create_framebuffer(request, device, file, command);
}

/// Shown unscaled at its full size.
atomic::WantedPlane wanted_at(Crtc& crtc, const MaybeRef<Framebuffer>& fb,
                              Crtc::CursorPosition position) {
    if (!fb) return {};
    const Size size = (*fb)->size();
    return {.crtc = &crtc,
            .fb = fb,
            .destination = {.x = position.x,
                            .y = position.y,
                            .width = size.width,
                            .height = size.height},
            .source = FixedRect::from_pixels(0, 0, size.width, size.height)};
}

Result<void> update_cursor(Request& request, Device& device, File& file,
                           const drm_mode_cursor2& argument) {
    constexpr uint32_t known = DRM_MODE_CURSOR_BO | DRM_MODE_CURSOR_MOVE;
    if (argument.flags == 0 || (argument.flags & ~known))
        return request.refuse(Category::Kms, Errno::Inval, "flags 0x{:x}: not BO, MOVE or both",
                              argument.flags);
    Crtc& crtc = *TRY(atomic::find_crtc(request, file, "crtc_id", argument.crtc_id));
    Plane* plane = crtc.info().cursor;
    if (!plane) return refuse_without_plane(request, crtc, argument);
    TRY(atomic::expect_leased(request, file, *plane));
    const bool has_buffer = (argument.flags & DRM_MODE_CURSOR_BO) != 0;
    const bool moves = (argument.flags & DRM_MODE_CURSOR_MOVE) != 0;
    MaybeRef<Framebuffer> fb;
    if (has_buffer && argument.handle) fb = TRY(make_fb(request, device, file, argument));

    const auto recipe = [&](State& state) -> Result<void> {
        const Crtc::CursorPosition position =
            moves ? Crtc::CursorPosition{argument.x, argument.y} : crtc.cursor_position;
        const atomic::WantedPlane wanted =
            wanted_at(crtc, has_buffer ? fb : plane->state.fb, position);
        TRY(atomic::check_wanted(&request, *plane, wanted));
        atomic::fill(state, *plane, wanted);
        if (fb && plane->own_properties().hotspot_x) {
            state.plane(*plane).hotspot_x = argument.hot_x;
            state.plane(*plane).hotspot_y = argument.hot_y;
        }
        return {};
    };
    TRY(atomic::commit_recipe(request, device,
                              {.allow_modeset = true, .legacy_cursor = true, .file_id = file.id()},
                              recipe));
    if (moves) {
        MutexLock lock(device.mode_config().lock());
        crtc.cursor_position = {argument.x, argument.y};
    }
    return {};
}

}  // namespace

PLUGBOARD_HANDLER(ioctl_cursor, drm_mode_cursor) {
    drm_mode_cursor2 full{};
    full.flags = argument.flags;
    full.crtc_id = argument.crtc_id;
    full.x = argument.x;
    full.y = argument.y;
    full.width = argument.width;
    full.height = argument.height;
    full.handle = argument.handle;
    return update_cursor(request, device, file, full);
}

PLUGBOARD_HANDLER(ioctl_cursor2, drm_mode_cursor2) {
    return update_cursor(request, device, file, argument);
}

}  // namespace plugboard::drm
