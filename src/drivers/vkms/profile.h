// What the vkms of a kernel version offers: limits and formats, as data.
// Linux: drivers/gpu/drm/vkms/vkms_drv.h, vkms_plane.c, vkms_writeback.c
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "drivers/vkms/config.h"

namespace plugboard::vkms {

struct Limits {
    std::string_view date;  // of DRM_IOCTL_VERSION
    uint32_t min_size = 0;  // pixels, either way
    uint32_t max_size = 0;
    uint32_t cursor_size = 0;
    uint32_t overlays = 0;             // how many there are when there are any
    bool primary_covers_mode = false;  // a primary plane that does not is refused
    uint32_t rotations = 0;            // of planes: DRM_MODE_ROTATE_* and REFLECT_*
    bool yuv_colors = false;           // planes have COLOR_ENCODING and COLOR_RANGE
    uint32_t gamma_size = 0;           // entries
    bool background_color = false;
    /// Writeback connectors come first, and one shows what a screen of its CRTC shows.
    bool writeback_clones_screens = false;
    std::span<const uint32_t> primary_formats;
    std::span<const uint32_t> overlay_formats;  // of cursors too
    std::span<const uint32_t> writeback_formats;
};

const Limits& limits_of(Profile profile);
/// The card's own: what its config says, or else its profile.
SizeLimits sizes_of(const Config& config);

}  // namespace plugboard::vkms
