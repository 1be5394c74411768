// The CRTC's color transformation matrix, applied to composed lines.
// Linux: include/uapi/drm/drm_mode.h, struct drm_color_ctm
#pragma once

#include <drm_mode.h>

#include <array>
#include <cstdint>
#include <span>

#include "drivers/vkms/composer/argb16.h"

namespace plugboard::vkms {

/// Rows red, green and blue of 31.32 numbers, each a sign (the highest bit) and a size.
struct Ctm {
    std::array<uint64_t, 9> factors{};

    static Ctm from(const drm_color_ctm& matrix);
};

/// Each sum to the nearest level, ties upwards, and then cut to 16 bits: nothing overflows.
void apply_ctm(const Ctm& ctm, std::span<Argb16> line);

}  // namespace plugboard::vkms
