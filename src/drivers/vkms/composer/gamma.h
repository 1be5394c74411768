// The CRTC's gamma table, applied to composed lines with the kernel's fixed-point losses.
// Linux: drivers/gpu/drm/vkms/vkms_composer.c
#pragma once

#include <drm_mode.h>

#include <cstdint>
#include <span>

#include "drivers/vkms/composer/argb16.h"

namespace plugboard::vkms {

/// One column of a table that is not empty, linear between its entries.
uint16_t look_up(std::span<const drm_color_lut> table, uint16_t drm_color_lut::*channel,
                 uint16_t value);

/// Each colour channel through its column of `table`. Empty: no change.
void apply_gamma(std::span<const drm_color_lut> table, std::span<Argb16> line);

}  // namespace plugboard::vkms
