// How a plane turns and mirrors its picture: the value of its rotation property.
// Linux: include/uapi/drm/drm_mode.h, DRM_MODE_ROTATE_* and DRM_MODE_REFLECT_*
#pragma once

#include <drm_mode.h>

#include <cstdint>

namespace plugboard::drm {

/// One angle, counter-clockwise, and reflections. The picture is mirrored first, then turned.
struct Rotation {
    uint32_t bits = DRM_MODE_ROTATE_0;

    bool operator==(const Rotation&) const = default;
    constexpr uint32_t angle() const { return bits & DRM_MODE_ROTATE_MASK; }
    constexpr bool reflects_x() const { return (bits & DRM_MODE_REFLECT_X) != 0; }
    constexpr bool reflects_y() const { return (bits & DRM_MODE_REFLECT_Y) != 0; }
    /// The picture's lines are columns on the screen.
    constexpr bool swaps_axes() const {
        return (bits & (DRM_MODE_ROTATE_90 | DRM_MODE_ROTATE_270)) != 0;
    }
};

}  // namespace plugboard::drm
