// DisplayID sections inside of an EDID: what has no room in its 128-byte blocks' own forms.
// VESA DisplayID 1.3 and 2.0; Linux: drivers/gpu/drm/drm_displayid.c
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "drm/edid/block.h"
#include "drm/edid/tile.h"
#include "drm/objects/mode.h"

namespace plugboard::drm::edid {

inline constexpr uint8_t displayid_tag = 0x70;  // of the extension
inline constexpr uint8_t displayid_1_3 = 0x13;
// Where a section is in its extension, and its data blocks: tag, revision, size, payload.
inline constexpr size_t section_at = 1, section_header = 4, data_header = 3;
// Tags of its data blocks.
inline constexpr uint8_t product_tag = 0x00, parameters_tag = 0x01, interface_tag = 0x0f,
                         timing_1_tag = 0x03, tile_tag = 0x12, timing_7_tag = 0x22,
                         tile_2_tag = 0x28;
inline constexpr size_t displayid_timing_size = 20, tile_size = 22, tile_topology_at = 13;

/// The section with its header, without its checksum; empty: the extension has none that is good.
std::span<const uint8_t> displayid_section(Block extension);

/// Calls use(tag, payload) for each data block of a DisplayID extension.
template <class Use>
void for_each_displayid_block(Block extension, Use use) {
    std::span<const uint8_t> rest = displayid_section(extension);
    if (rest.size() < section_header) return;
    rest = rest.subspan(section_header);
    while (rest.size() >= data_header) {
        const size_t size = rest[2];
        if (data_header + size > rest.size()) return;
        // Tag 0 with no payload: nothing but filling comes.
        if (rest[0] == 0 && rest[1] == 0 && size == 0) return;
        use(rest[0], rest.subspan(data_header, size));
        rest = rest.subspan(data_header + size);
    }
}

/// Of a block of timings of type I or VII; nothing: no such picture.
std::optional<Mode> displayid_mode(std::span<const uint8_t, displayid_timing_size> timing,
                                   bool is_type_7);
/// Of a tiled topology block; nothing: it is too short.
std::optional<Tile> displayid_tile(std::span<const uint8_t> payload);

}  // namespace plugboard::drm::edid
