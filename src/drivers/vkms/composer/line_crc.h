// The CRC of composed lines that crtc-N/crc/data shows.
// Linux: drivers/gpu/drm/vkms/vkms_composer.c, lib/crc32.c
#pragma once

#include <cstdint>
#include <span>

#include "drivers/vkms/composer/argb16.h"

namespace plugboard::vkms {

inline constexpr uint32_t crc_seed = 0;

/// crc32_le: the CRC so far continued over one more line (8 bytes a pixel: a, r, g, b).
uint32_t update_crc(uint32_t crc, std::span<const Argb16> line);

/// The CRC of two stretches of pixels after each other, from that of each; `pixels`: of the second.
uint32_t join_crcs(uint32_t first, uint32_t second, uint64_t pixels);

}  // namespace plugboard::vkms
