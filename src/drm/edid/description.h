// What a monitor says of itself, as plain data, and the EDID made from it.
// Linux: include/drm/drm_edid.h, struct edid
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "drm/edid/tile.h"
#include "drm/objects/mode.h"

namespace plugboard::drm::edid {

/// The plug, as an EDID names it.
enum class Input { Analog, Digital, Dvi, Hdmi, DisplayPort };

struct Description {
    std::string vendor = "LNX";  // three capital letters, of the PNP registry
    uint16_t product = 1;
    uint32_t serial = 1;
    uint16_t year = 2024;  // of manufacture: 1990 to 2245
    Input input = Input::DisplayPort;
    uint32_t width_mm = 0, height_mm = 0;  // of the picture; 0: not known, as with a projector
    std::string name = {};                 // at most 13 printable ASCII characters
    /// The first is preferred. What fits in no EDID is refused.
    std::vector<ModeTimings> timings = {};
    std::vector<uint8_t> vics = {};  // CTA-861 codes, the native one first
    bool is_headset = false;         // non-desktop
    uint32_t bits_per_color = 8;     // 6 to 16, even
    /// Rates between which it may vary (DisplayPort): the rates of its timings are within; 0: none.
    uint32_t vrr_min_hz = 0, vrr_max_hz = 0;
    bool is_hdr = false;  // PQ and HLG, BT.2020
    // Not for HDMI.
    /// What a base block has no room for; the first of them is preferred too.
    std::vector<ModeTimings> displayid_timings = {};
    std::optional<Tile> tile{};
};

/// A base block, and extensions of CTA-861 and DisplayID where the description needs them. Inval:
/// no timings, or what an EDID has no room for: 4096 pixels or lines, 655.36 MHz (both but in a
/// DisplayID), a name that is too long.
Result<std::vector<std::byte>> build(const Description& description);

}  // namespace plugboard::drm::edid
