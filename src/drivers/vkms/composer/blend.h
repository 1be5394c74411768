// Blending of premultiplied pixels onto an opaque line.
// Linux: drivers/gpu/drm/vkms/vkms_composer.c
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include "drivers/vkms/composer/argb16.h"

namespace plugboard::vkms {

/// round((source*0xffff + below*(0xffff - alpha)) / 0xffff). A colour above its alpha, which no
/// premultiplied picture has, wraps as the kernel's 32-bit sum does: unsigned on purpose.
constexpr uint16_t blend_channel(uint16_t source, uint16_t below, uint16_t alpha) {
    constexpr uint32_t full = 0xffff;
    const uint32_t sum = source * full + below * (full - alpha);
    return static_cast<uint16_t>((sum + full / 2) / full);
}

/// The result is always opaque.
constexpr Argb16 blend(const Argb16& source, const Argb16& below) {
    return {.a = 0xffff,
            .r = blend_channel(source.r, below.r, source.a),
            .g = blend_channel(source.g, below.g, source.a),
            .b = blend_channel(source.b, below.b, source.a)};
}

/// Blends `source` onto as many pixels of `line`.
inline void blend_line(std::span<const Argb16> source, std::span<Argb16> line) {
    assert(source.size() == line.size());
    for (size_t i = 0; i < source.size(); ++i) line[i] = blend(source[i], line[i]);
}

}  // namespace plugboard::vkms
