// GET_CAP, SET_CLIENT_CAP.
// Linux: drivers/gpu/drm/drm_ioctl.c, drm_getcap, drm_setclientcap
#include <algorithm>

#include "drm/file_state.h"
#include "drm/handlers.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {
namespace {

Errno too_large(Request& request, const drm_set_client_cap& cap, uint64_t most) {
    return request.refuse(core, Errno::Inval, "client cap {}: value {} is above {}", cap.capability,
                          cap.value, most);
}

Errno unknown(Request& request, const drm_set_client_cap& cap) {
    return request.refuse(core, Errno::Inval, "there is no client cap {}", cap.capability);
}

Errno needs_atomic(Request& request, const drm_set_client_cap& cap) {
    return request.refuse(core, Errno::Inval, "client cap {} needs the atomic cap", cap.capability);
}

bool has_color_pipelines(Device& device) {
    return device.has_modeset() && !device.mode_config().colorops.empty();
}

}  // namespace

Result<void> ioctl_get_cap(Request& request, Device& device, File&, drm_get_cap& argument) {
    const uint64_t cap = argument.capability;
    argument.value = 0;
    switch (cap) {
        case DRM_CAP_TIMESTAMP_MONOTONIC: argument.value = 1; return {};
        case DRM_CAP_PRIME:
            if (device.info().prime) argument.value = DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT;
            return {};
        case DRM_CAP_SYNCOBJ:
        case DRM_CAP_SYNCOBJ_TIMELINE: argument.value = device.info().syncobj; return {};
        default: break;
    }
    if (!device.has_modeset())
        return request.refuse(core, Errno::OpNotSupp, "cap 0x{:x} is one of devices with modeset",
                              cap);
    const KmsLimits& limits = device.mode_config().limits;
    switch (cap) {
        case DRM_CAP_DUMB_BUFFER: argument.value = device.info().dumb_buffers; return {};
        case DRM_CAP_VBLANK_HIGH_CRTC: argument.value = 1; return {};
        case DRM_CAP_DUMB_PREFERRED_DEPTH: argument.value = limits.preferred_depth; return {};
        case DRM_CAP_DUMB_PREFER_SHADOW: return {};
        case DRM_CAP_ASYNC_PAGE_FLIP: argument.value = device.info().async_page_flip; return {};
        case DRM_CAP_PAGE_FLIP_TARGET: return {};
        case DRM_CAP_CURSOR_WIDTH: argument.value = limits.cursor_width; return {};
        case DRM_CAP_CURSOR_HEIGHT: argument.value = limits.cursor_height; return {};
        case DRM_CAP_ADDFB2_MODIFIERS: argument.value = limits.modifiers; return {};
        case DRM_CAP_CRTC_IN_VBLANK_EVENT: argument.value = 1; return {};
        case DRM_CAP_ATOMIC_ASYNC_PAGE_FLIP:
            if (device.info().like_linux_6_1) break;
            argument.value = device.info().async_page_flip;
            return {};
        default: break;
    }
    return request.refuse(core, Errno::Inval, "there is no cap 0x{:x}", cap);
}

Result<void> ioctl_set_client_cap(Request& request, Device& device, File& file,
                                  drm_set_client_cap& argument) {
    const uint64_t value = argument.value;
    MutexLock lock(file.state().mutex);
    ClientCaps& caps = file.state().caps;
    switch (argument.capability) {
        case DRM_CLIENT_CAP_STEREO_3D:
            if (value > 1) return too_large(request, argument, 1);
            caps.stereo = value != 0;
            break;
        case DRM_CLIENT_CAP_UNIVERSAL_PLANES:
            if (!device.info().universal_planes) return unknown(request, argument);
            if (value > 1) return too_large(request, argument, 1);
            caps.universal_planes = value != 0;
            break;
        case DRM_CLIENT_CAP_ATOMIC:
            if (!device.info().atomic)
                return request.refuse(core, Errno::OpNotSupp, "the driver {} is not atomic",
                                      device.info().name);
            // Linux: the X server's modesetting driver of 2019 breaks with it
            if (value == 1 && file.info().command.starts_with('X'))
                return request.refuse(core, Errno::OpNotSupp, "{} uses atomic wrongly",
                                      file.info().command);
            if (value > 2) return too_large(request, argument, 2);
            caps.atomic = caps.universal_planes = caps.aspect_ratio = value != 0;
            break;
        case DRM_CLIENT_CAP_ASPECT_RATIO:
            if (value > 1) return too_large(request, argument, 1);
            caps.aspect_ratio = value != 0;
            break;
        case DRM_CLIENT_CAP_WRITEBACK_CONNECTORS:
            if (!caps.atomic) return needs_atomic(request, argument);
            if (value > 1) return too_large(request, argument, 1);
            caps.writeback_connectors = value != 0;
            break;
        case DRM_CLIENT_CAP_CURSOR_PLANE_HOTSPOT:
            if (device.info().like_linux_6_1) return unknown(request, argument);
            if (!device.info().cursor_hotspot)
                return request.refuse(core, Errno::OpNotSupp,
                                      "client cap 6: the driver's cursor planes have no hot spot");
            if (!caps.atomic) return needs_atomic(request, argument);
            if (value > 1) return too_large(request, argument, 1);
            caps.cursor_hotspot = value != 0;
            break;
        case DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE:
            if (device.info().like_linux_6_1 && !has_color_pipelines(device))
                return unknown(request, argument);
            if (!caps.atomic) return needs_atomic(request, argument);
            if (value > 1) return too_large(request, argument, 1);
            if (!has_color_pipelines(device))
                return request.refuse(core, Errno::OpNotSupp,
                                      "client cap 7: the driver's planes have no colour pipeline");
            caps.plane_color_pipeline = value != 0;
            break;
        default: return unknown(request, argument);
    }
    return {};
}

}  // namespace plugboard::drm
