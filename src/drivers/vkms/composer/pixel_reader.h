// Reads pixels of the formats whose pixels are whole bytes of one plane into 16-bit channels.
// Linux: drivers/gpu/drm/vkms/vkms_formats.c
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "drivers/vkms/composer/argb16.h"

namespace plugboard::vkms {

struct PixelReader {
    uint32_t format;
    uint32_t bytes_per_pixel;
    /// Reads pixels.size() pixels; `source` has at least that many, at any alignment.
    void (*read)(const std::byte* source, std::span<Argb16> pixels);
};

/// Null if the format is not one of these; line_reader.h knows all that vkms can read.
const PixelReader* find_reader(uint32_t format);

/// All formats of this kind.
std::span<const PixelReader> all_readers();

}  // namespace plugboard::vkms
