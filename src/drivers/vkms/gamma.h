// The CRTC's gamma table, applied to composed lines with the kernel's fixed-point losses.
// Linux: drivers/gpu/drm/vkms/vkms_composer.c, include/drm/drm_fixed.h
#pragma once

#include <drm_mode.h>

#include <cstdint>
#include <span>

#include "drivers/vkms/argb16.h"

namespace plugboard::vkms {

/// A 32.32 product as the kernel computes it: large factors lose low bits first.
int64_t multiply_fixed(int64_t a, int64_t b);

/// Each colour channel through its column of `table`, linear between entries. Empty: no change.
void apply_gamma(std::span<const drm_color_lut> table, std::span<Argb16> line);

}  // namespace plugboard::vkms
