// Reads an EDID as the kernel does: what it believes, and the modes it finds.
// Linux: drivers/gpu/drm/drm_edid.c
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "drm/edid/tile.h"
#include "drm/objects/mode.h"

namespace plugboard::drm::edid {

/// Made by parse() only. A value.
struct Edid {
    /// As clients get them: a damaged header repaired, extensions that are not believed left out.
    std::vector<std::byte> bytes{};
    std::string name{};                    // of its descriptor; may be empty
    uint32_t width_mm = 0, height_mm = 0;  // whole centimetres, as the kernel says them
    bool non_desktop = false;
    uint32_t bits_per_color = 0;      // 0: it does not say
    uint32_t min_hz = 0, max_hz = 0;  // of a screen for every rate between; 0: it is none
    uint32_t hdr_eotfs = 0;           // of its HDR block: bit 0 SDR, 1 HDR, 2 PQ, 3 HLG
    std::optional<Tile> tile{};       // of a larger picture
    /// Not sorted; a mode that is said twice is there once. May be empty.
    std::vector<Mode> modes{};
};

/// Inval: an EDID that the kernel would not use. `why` is told the reason if it is not null. Takes
/// any bytes.
Result<Edid> parse(std::span<const std::byte> bytes, std::string* why = nullptr);

/// Every block that it announces is there, no more, and good; a wrong checksum is forgiven to CTA
/// extensions. Takes any bytes. Linux: drm_edid_valid
bool is_whole(std::span<const std::byte> bytes);

}  // namespace plugboard::drm::edid
