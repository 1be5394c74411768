// Writes composed lines in the formats of writeback framebuffers and screenshots.
// Linux: drivers/gpu/drm/vkms/vkms_formats.c
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "drivers/vkms/composer/argb16.h"

namespace plugboard::vkms {

struct PixelWriter {
    uint32_t format;
    uint32_t bytes_per_pixel;
    /// Writes all pixels; `target` has room for them, at any alignment. Unused bits become ones.
    void (*write)(std::span<const Argb16> pixels, std::byte* target);
};

/// Null if vkms cannot write the format. DRM_FORMAT_BGR888 (bytes R, G, B) is for screenshots.
const PixelWriter* find_writer(uint32_t format);

/// All formats that can be written.
std::span<const PixelWriter> all_writers();

}  // namespace plugboard::vkms
