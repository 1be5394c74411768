// The 128-byte blocks of an EDID: sums, headers, tags, and which of them are believed.
// Linux: drivers/gpu/drm/drm_edid.c, edid_block_check
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace plugboard::drm::edid {

inline constexpr size_t block_size = 128;
inline constexpr size_t max_blocks = 256;
inline constexpr uint8_t cta_tag = 0x02;
inline constexpr std::array<uint8_t, 8> header{0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00};

// Where things are in the base block.
inline constexpr size_t version_at = 18, revision_at = 19, input_at = 20, width_cm_at = 21,
                        height_cm_at = 22, gamma_at = 23, features_at = 24, colours_at = 25,
                        established_at = 35, standard_at = 38, detailed_at = 54,
                        extensions_at = 126, checksum_at = 127;
inline constexpr size_t standard_count = 8, detailed_count = 4, detailed_size = 18;
inline constexpr uint8_t digital_input = 0x80;
inline constexpr uint8_t continuous_feature = 0x01, preferred_feature = 0x02, srgb_feature = 0x04;

// Tags of descriptors that are no timings.
inline constexpr uint8_t serial_tag = 0xff, text_tag = 0xfe, range_tag = 0xfd, name_tag = 0xfc,
                         standard_tag = 0xfa, dummy_tag = 0x10;

using Block = std::span<const uint8_t, block_size>;

enum class BlockStatus { Good, RepairableHeader, BadHeader, BadVersion, BadChecksum, Zero };

/// The byte that makes the sum of the block 0.
uint8_t checksum(Block block);
BlockStatus check_block(Block block, bool is_base);
/// "the header is damaged", and so on.
const char* explain(BlockStatus status);

}  // namespace plugboard::drm::edid
