#include "tests/support/drm_modes.h"

#include <array>
#include <cstdint>
#include <cstdio>

namespace plugboard::tests {
namespace {

/// Active pixels or lines, where sync starts, where it ends, the total.
using Axis = std::array<uint16_t, 4>;

drm_mode_modeinfo mode_of(uint32_t clock_khz, const Axis& h, const Axis& v, uint32_t flags) {
    drm_mode_modeinfo mode{};
    mode.clock = clock_khz;
    mode.hdisplay = h[0];
    mode.hsync_start = h[1];
    mode.hsync_end = h[2];
    mode.htotal = h[3];
    mode.vdisplay = v[0];
    mode.vsync_start = v[1];
    mode.vsync_end = v[2];
    mode.vtotal = v[3];
    mode.flags = flags;
    mode.type = DRM_MODE_TYPE_DRIVER;
    std::snprintf(mode.name, sizeof(mode.name), "%ux%u", unsigned{h[0]}, unsigned{v[0]});
    return mode;
}

}  // namespace

drm_mode_modeinfo mode_1024x768() {
    return mode_of(65000, {1024, 1048, 1184, 1344}, {768, 771, 777, 806},
                   DRM_MODE_FLAG_NHSYNC | DRM_MODE_FLAG_NVSYNC);
}

drm_mode_modeinfo mode_800x600() {
    return mode_of(40000, {800, 840, 968, 1056}, {600, 601, 605, 628},
                   DRM_MODE_FLAG_PHSYNC | DRM_MODE_FLAG_PVSYNC);
}

}  // namespace plugboard::tests
