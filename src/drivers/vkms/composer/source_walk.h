// The way through a picture that gives one line on the screen.
// Linux: drivers/gpu/drm/vkms/vkms_drv.h, enum pixel_read_direction
#pragma once

#include <cstdint>

#include "drm/pixel/geometry.h"

namespace plugboard::vkms {

/// Begins at (x, y) and goes on by (dx, dy), of which one is 1 or -1 and the other 0.
/// May lead out of the picture.
struct SourceWalk {
    int64_t x = 0;
    int64_t y = 0;
    int dx = 1;
    int dy = 0;

    constexpr bool is_along_a_row() const { return dy == 0; }
    constexpr bool is_left_to_right() const { return dx == 1; }
    constexpr int64_t x_at(int64_t i) const { return x + i * dx; }
    constexpr int64_t y_at(int64_t i) const { return y + i * dy; }
};

constexpr bool is_inside(const drm::Size& size, int64_t x, int64_t y) {
    return x >= 0 && y >= 0 && x < size.width && y < size.height;
}

}  // namespace plugboard::vkms
