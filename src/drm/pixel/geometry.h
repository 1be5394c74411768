// Sizes and rectangles of pixels, and the 16.16 source rectangles of planes.
// Linux: include/drm/drm_rect.h
#pragma once

#include <algorithm>
#include <cstdint>

namespace plugboard::drm {

struct Size {
    uint32_t width = 0;
    uint32_t height = 0;

    bool operator==(const Size&) const = default;
    constexpr bool is_empty() const { return width == 0 || height == 0; }
    constexpr uint64_t area() const { return uint64_t{width} * height; }
};

/// A rectangle in whole pixels; the corner may lie left of or above the origin.
struct Rect {
    int32_t x = 0;
    int32_t y = 0;
    uint32_t width = 0;
    uint32_t height = 0;

    bool operator==(const Rect&) const = default;
    constexpr bool is_empty() const { return width == 0 || height == 0; }
    constexpr Size size() const { return {.width = width, .height = height}; }
    /// The first column right of, and the first line below the rectangle.
    constexpr int64_t right() const { return int64_t{x} + width; }
    constexpr int64_t bottom() const { return int64_t{y} + height; }
};

/// The common part; an empty Rect if there is none.
constexpr Rect intersect(const Rect& a, const Rect& b) {
    const int32_t x = std::max(a.x, b.x);
    const int32_t y = std::max(a.y, b.y);
    const int64_t width = std::min(a.right(), b.right()) - x;
    const int64_t height = std::min(a.bottom(), b.bottom()) - y;
    if (width <= 0 || height <= 0) return {};
    return {.x = x,
            .y = y,
            .width = static_cast<uint32_t>(width),
            .height = static_cast<uint32_t>(height)};
}

/// A rectangle within a buffer in unsigned 16.16 fixed point, as the SRC_* properties have it.
struct FixedRect {
    uint32_t x = 0;
    uint32_t y = 0;
    uint32_t width = 0;
    uint32_t height = 0;

    static constexpr uint32_t one = 1U << 16;

    bool operator==(const FixedRect&) const = default;
    /// Whole pixels; each value must be below 65536.
    static constexpr FixedRect from_pixels(uint32_t x, uint32_t y, uint32_t width,
                                           uint32_t height) {
        return {.x = x << 16, .y = y << 16, .width = width << 16, .height = height << 16};
    }
    /// The pixel in which the rectangle begins.
    constexpr uint32_t first_column() const { return x >> 16; }
    constexpr uint32_t first_row() const { return y >> 16; }
    constexpr uint64_t right() const { return uint64_t{x} + width; }
    constexpr uint64_t bottom() const { return uint64_t{y} + height; }
    constexpr bool fits_in(Size buffer) const {
        return right() <= uint64_t{buffer.width} << 16 && bottom() <= uint64_t{buffer.height} << 16;
    }
    /// Exactly `size` pixels, no fraction: the rule of planes that cannot scale.
    constexpr bool has_size(Size size) const {
        return width == uint64_t{size.width} << 16 && height == uint64_t{size.height} << 16;
    }
};

}  // namespace plugboard::drm
