// The timings of CTA-861 by their codes (VIC), as far as screens in use need them.
// Linux: drivers/gpu/drm/drm_edid.c, edid_cea_modes_1, edid_cea_modes_193
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "drm/objects/mode.h"

namespace plugboard::drm::edid {

// As the standard's table is read. NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct CtaEntry {
    uint8_t vic;
    ModeTimings timings;
    AspectRatio aspect;

    /// Type DRIVER, not preferred.
    Mode mode() const;
};

/// Ascending.
std::span<const CtaEntry> cta_table();
/// Null for a code that is not in the table.
const CtaEntry* find_vic(uint8_t vic);
/// The clock of the same picture at the other of 60 and 59.94 Hz, 30 and 29.97, 24 and 23.976; the
/// entry's own if it has none.
uint32_t alternate_clock(const CtaEntry& entry);
/// The entry with these timings at either clock, give or take the 10 kHz of a detailed timing.
const CtaEntry* find_cta_timings(const ModeTimings& timings);

}  // namespace plugboard::drm::edid
