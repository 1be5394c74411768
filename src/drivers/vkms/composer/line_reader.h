// Reads lines of pictures of every format that vkms planes take, in any direction.
// Linux: drivers/gpu/drm/vkms/vkms_formats.c
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "drivers/vkms/composer/argb16.h"
#include "drivers/vkms/composer/source_image.h"
#include "drivers/vkms/composer/source_walk.h"
#include "drivers/vkms/composer/yuv_reader.h"

namespace plugboard::vkms {

bool can_read(uint32_t format);

/// All formats that can be read.
std::vector<uint32_t> readable_formats();

/// Fills `line` from its beginning and returns what it filled; what comes after lies outside
/// the picture. Pixels between that lie outside become transparent. The format can be read.
std::span<Argb16> read_line(const SourceImage& image, const SourceWalk& walk, YuvReading reading,
                            std::span<Argb16> line);

}  // namespace plugboard::vkms
