// VESA's table of monitor timings (DMT 1.13), as the kernel's lists offer them.
// Linux: drivers/gpu/drm/drm_edid.c, drm_dmt_modes
#pragma once

#include <cstdint>
#include <span>

#include "drm/objects/mode.h"

namespace plugboard::drm {

struct DmtEntry {
    uint8_t id;  // VESA's DMT ID
    ModeTimings timings;

    /// Type DRIVER, not preferred.
    Mode mode() const;
};

/// In the order of the standard: by size, then refresh.
std::span<const DmtEntry> dmt_table();

}  // namespace plugboard::drm
