// Reads the formats that have several gray pixels in a byte: R1, R2 and R4.
// Linux: drivers/gpu/drm/vkms/vkms_formats.c
#pragma once

#include <cstdint>
#include <span>

#include "drivers/vkms/composer/argb16.h"
#include "drivers/vkms/composer/source_image.h"
#include "drivers/vkms/composer/source_walk.h"

namespace plugboard::vkms {

/// 1, 2 or 4; 0 if the format is none of these.
uint32_t gray_bits(uint32_t format);

/// Reads a pixel for each of `pixels`. Columns are what Linux makes of them: every second, fourth
/// or eighth line.
void read_gray(const SourceImage& image, const SourceWalk& walk, std::span<Argb16> pixels);

}  // namespace plugboard::vkms
