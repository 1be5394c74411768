// Reads pixels of each format that vkms planes take into the 16-bit form it composes in.
// Linux: drivers/gpu/drm/vkms/vkms_formats.c
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "drivers/vkms/argb16.h"

namespace plugboard::vkms {

/// Single-plane formats of whole bytes only, so far.
struct PixelReader {
    uint32_t format;
    uint32_t bytes_per_pixel;
    /// Reads pixels.size() pixels; `source` has at least that many, at any alignment.
    void (*read)(const std::byte* source, std::span<Argb16> pixels);
};

/// Null if vkms cannot read the format.
const PixelReader* find_reader(uint32_t format);

/// All formats that can be read.
std::span<const PixelReader> all_readers();

}  // namespace plugboard::vkms
