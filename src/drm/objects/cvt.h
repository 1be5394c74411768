// Timings by VESA's Coordinated Video Timings formula, normal blanking.
// Linux: drivers/gpu/drm/drm_modes.c, drm_cvt_mode
#pragma once

#include <cstdint>

#include "base/result.h"
#include "drm/objects/mode.h"

namespace plugboard::drm {

/// The numbers that libxcvt and the cvt program give, which are not the kernel's in every bit.
/// EINVAL: a size below 8x1, or timings that no mode can hold.
Result<ModeTimings> cvt_timings(uint32_t width, uint32_t height, double refresh_hz);

}  // namespace plugboard::drm
