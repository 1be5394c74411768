// The tables of the profiles.
#include "drivers/vkms/profile.h"

#include <drm_fourcc.h>
#include <drm_mode.h>

#include <array>

#include "uapi/drm_fourcc_extra.h"

namespace plugboard::vkms {
namespace {

constexpr std::array primary_6_1 = {DRM_FORMAT_XRGB8888, DRM_FORMAT_XRGB16161616,
                                    DRM_FORMAT_RGB565};
constexpr std::array overlay_6_1 = {DRM_FORMAT_ARGB8888, DRM_FORMAT_XRGB8888,
                                    DRM_FORMAT_XRGB16161616, DRM_FORMAT_ARGB16161616,
                                    DRM_FORMAT_RGB565};
constexpr std::array writeback_6_1 = {DRM_FORMAT_XRGB8888, DRM_FORMAT_XRGB16161616,
                                      DRM_FORMAT_ARGB16161616, DRM_FORMAT_RGB565};

// All planes have the same.
constexpr std::array planes_latest = {
    DRM_FORMAT_ARGB8888,     DRM_FORMAT_ABGR8888,     DRM_FORMAT_BGRA8888,
    DRM_FORMAT_RGBA8888,     DRM_FORMAT_XRGB8888,     DRM_FORMAT_XBGR8888,
    DRM_FORMAT_RGB888,       DRM_FORMAT_BGR888,       DRM_FORMAT_XRGB16161616,
    DRM_FORMAT_XBGR16161616, DRM_FORMAT_ARGB16161616, DRM_FORMAT_ABGR16161616,
    DRM_FORMAT_RGB565,       DRM_FORMAT_BGR565,       DRM_FORMAT_NV12,
    DRM_FORMAT_NV16,         DRM_FORMAT_NV24,         DRM_FORMAT_NV21,
    DRM_FORMAT_NV61,         DRM_FORMAT_NV42,         DRM_FORMAT_YUV420,
    DRM_FORMAT_YUV422,       DRM_FORMAT_YUV444,       DRM_FORMAT_YVU420,
    DRM_FORMAT_YVU422,       DRM_FORMAT_YVU444,       DRM_FORMAT_P010,
    DRM_FORMAT_P012,         DRM_FORMAT_P016,         DRM_FORMAT_R1,
    DRM_FORMAT_R2,           DRM_FORMAT_R4,           DRM_FORMAT_R8};
constexpr std::array writeback_latest = {DRM_FORMAT_ARGB8888,     DRM_FORMAT_XRGB8888,
                                         DRM_FORMAT_ABGR8888,     DRM_FORMAT_XRGB16161616,
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

constexpr Limits linux_latest{
    .date = "0",
    .min_size = 10,
    .max_size = 8192,
    .cursor_size = 512,
    .overlays = 8,
    .rotations = DRM_MODE_ROTATE_MASK | DRM_MODE_REFLECT_MASK,
    .yuv_colors = true,
    .gamma_size = 256,
    .background_color = true,
    .writeback_clones_screens = true,
    .primary_formats = planes_latest,
    .overlay_formats = planes_latest,
    .writeback_formats = writeback_latest,
};

constexpr Limits full = [] {
    Limits limits = linux_latest;
    limits.max_size = 16384;
    return limits;
}();

}  // namespace

const Limits& limits_of(Profile profile) {
    switch (profile) {
        case Profile::Linux61: return linux_6_1;
        case Profile::LinuxLatest: break;
        case Profile::Full: return full;
    }
    return linux_latest;
}

SizeLimits sizes_of(const Config& config) {
    const auto either = [](uint32_t own, uint32_t profiles) { return own == 0 ? profiles : own; };
    const Limits& limits = limits_of(config.profile);
    const SizeLimits& own = config.sizes;
    return {.min_width = either(own.min_width, limits.min_size),
            .max_width = either(own.max_width, limits.max_size),
            .min_height = either(own.min_height, limits.min_size),
            .max_height = either(own.max_height, limits.max_size),
            .cursor_width = either(own.cursor_width, limits.cursor_size),
            .cursor_height = either(own.cursor_height, limits.cursor_size)};
}

}  // namespace plugboard::vkms
