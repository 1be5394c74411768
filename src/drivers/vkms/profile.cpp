// The tables of the profiles.
#include "drivers/vkms/profile.h"

#include <drm_fourcc.h>

#include <array>

namespace plugboard::vkms {
namespace {

constexpr std::array primary_6_1 = {DRM_FORMAT_XRGB8888, DRM_FORMAT_XRGB16161616,
                                    DRM_FORMAT_RGB565};
constexpr std::array overlay_6_1 = {DRM_FORMAT_ARGB8888, DRM_FORMAT_XRGB8888,
                                    DRM_FORMAT_XRGB16161616, DRM_FORMAT_ARGB16161616,
                                    DRM_FORMAT_RGB565};
constexpr std::array writeback_6_1 = {DRM_FORMAT_XRGB8888, DRM_FORMAT_XRGB16161616,
                                      DRM_FORMAT_ARGB16161616, DRM_FORMAT_RGB565};

constexpr Limits linux_6_1{
    .date = "20180514",
    .min_size = 20,
    .max_size = 8192,
    .cursor_size = 512,
    .overlays = 8,
    .primary_covers_mode = true,
    .primary_formats = primary_6_1,
    .overlay_formats = overlay_6_1,
    .writeback_formats = writeback_6_1,
};

}  // namespace

const Limits& limits_of(Profile) {
    return linux_6_1;
}

}  // namespace plugboard::vkms
