// What a plane's alpha and its blend mode make of its pixels: premultiplied ones, for blend.h.
// Linux: drivers/gpu/drm/drm_blend.c, "pixel blend mode"
#pragma once

#include <cstdint>
#include <span>

#include "drivers/vkms/composer/argb16.h"
#include "drm/pixel/blend_mode.h"

namespace plugboard::vkms {

/// round(a * b / 0xffff): two levels from 0 to 1 multiplied. The one rounding of this file.
constexpr uint16_t multiply_levels(uint16_t a, uint16_t b) {
    return static_cast<uint16_t>((uint32_t{a} * b + 0x7fff) / 0xffff);
}

/// Blended by blend(), the result gives what the documentation of the blend modes has: the plane's
/// alpha times the color (of Coverage also times the pixel's alpha) over the rest of what is below.
constexpr Argb16 with_plane_alpha(const Argb16& pixel, uint16_t alpha, drm::BlendMode mode) {
    const uint16_t cover = mode == drm::BlendMode::None ? alpha : multiply_levels(pixel.a, alpha);
    const uint16_t factor = mode == drm::BlendMode::Coverage ? cover : alpha;
    return {.a = cover,
            .r = multiply_levels(pixel.r, factor),
            .g = multiply_levels(pixel.g, factor),
            .b = multiply_levels(pixel.b, factor)};
}

/// Premultiplied pixels of an opaque plane stay as they are.
constexpr bool keeps_pixels(uint16_t alpha, drm::BlendMode mode) {
    return alpha == drm::opaque_alpha && mode == drm::BlendMode::Premultiplied;
}

inline void apply_plane_alpha(uint16_t alpha, drm::BlendMode mode, std::span<Argb16> line) {
    if (keeps_pixels(alpha, mode)) return;
    for (Argb16& pixel : line) pixel = with_plane_alpha(pixel, alpha, mode);
}

}  // namespace plugboard::vkms
