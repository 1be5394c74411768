// Writes the DisplayID 1.3 extension of an EDID.
// VESA DisplayID 1.3
#pragma once

#include <cstdint>
#include <span>

#include "drm/edid/block.h"
#include "drm/edid/description.h"

namespace plugboard::drm::edid {

/// Its displayid_timings and its tile, with both checksums, into a block of zeros. False: no room.
bool put_displayid(std::span<uint8_t, block_size> to, const Description& description);

}  // namespace plugboard::drm::edid
