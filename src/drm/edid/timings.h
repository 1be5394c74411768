// The timings that a monitor would have for a size and rate.
// VESA CVT 1.2 with reduced blanking v2; CTA-861 and DMT where they have the mode.
#pragma once

#include <drm_mode.h>

#include <cstdint>

#include "base/result.h"
#include "drm/objects/mode.h"

namespace plugboard::drm::edid {

/// The flags of both sync pulses.
inline constexpr uint32_t positive = DRM_MODE_FLAG_PHSYNC | DRM_MODE_FLAG_PVSYNC;
inline constexpr uint32_t negative = DRM_MODE_FLAG_NHSYNC | DRM_MODE_FLAG_NVSYNC;

/// Those of CTA-861 or DMT for that size and rate, else reduced blanking, to the pixel. Inval: what
/// a detailed timing of an EDID has no room for.
Result<ModeTimings> timings_for(uint32_t width, uint32_t height, double refresh_hz);
/// Of sizes and clocks for which a DisplayID alone has room: reduced blanking. Inval: larger than
/// that too, 32768 pixels.
Result<ModeTimings> displayid_timings_for(uint32_t width, uint32_t height, double refresh_hz);

/// Whether they go into 18 bytes without loss but for the clock, which is a multiple of 10 kHz.
bool fit_detailed_timing(const ModeTimings& timings);

}  // namespace plugboard::drm::edid
