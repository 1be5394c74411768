// The tables of the profiles.
#include "drivers/vkms/profile.h"

#include <drm_fourcc.h>

#include <array>

namespace plugboard::vkms {
namespace {

constexpr std::array kPrimary61 = {DRM_FORMAT_XRGB8888, DRM_FORMAT_XRGB16161616,
                                   DRM_FORMAT_RGB565};
constexpr std::array kOverlay61 = {DRM_FORMAT_ARGB8888, DRM_FORMAT_XRGB8888,
                                   DRM_FORMAT_XRGB16161616, DRM_FORMAT_ARGB16161616,
                                   DRM_FORMAT_RGB565};
constexpr std::array kWriteback61 = {DRM_FORMAT_XRGB8888, DRM_FORMAT_XRGB16161616,
                                     DRM_FORMAT_ARGB16161616, DRM_FORMAT_RGB565};

constexpr Limits kLinux61{
    .date = "20180514",
    .min_size = 20,
    .max_size = 8192,
    .cursor_size = 512,
    .overlays = 8,
    .framebuffers_need_a_plane = false,
    .primary_covers_mode = true,
    .primary_formats = kPrimary61,
    .overlay_formats = kOverlay61,
    .writeback_formats = kWriteback61,
};

}  // namespace

const Limits& limits_of(Profile) {
    return kLinux61;
}

}  // namespace plugboard::vkms
