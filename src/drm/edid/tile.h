// One picture shown by several screens side by side: where one of them is in it.
// VESA DisplayID: tiled display topology data block
#pragma once

#include <array>
#include <cstdint>

namespace plugboard::drm::edid {

struct Tile {
    /// The same for all tiles of one screen: vendor, product and serial number.
    std::array<uint8_t, 8> topology{};
    bool is_single_monitor = true;   // in one enclosure
    uint32_t columns = 1, rows = 1;  // of the whole: 1 to 64
    uint32_t column = 0, row = 0;    // of this one, from 0
    uint32_t width = 0, height = 0;  // pixels, of this one

    bool operator==(const Tile&) const = default;
};

}  // namespace plugboard::drm::edid
