// Reads the YUV formats, in two or three planes, with 8 or 16 bits a sample.
// Linux: drivers/gpu/drm/vkms/vkms_formats.c
#pragma once

#include <cstdint>
#include <span>

#include "drivers/vkms/composer/argb16.h"
#include "drivers/vkms/composer/source_image.h"
#include "drivers/vkms/composer/source_walk.h"

namespace plugboard::vkms {

/// A colour pipeline takes y, u and v in the place of red, green and blue.
enum class YuvReading { Convert, Keep };

struct YuvLayout {
    uint32_t format;
    uint32_t planes;
    uint32_t sample_bytes;
    bool v_is_first;
};

/// Null if it is not a YUV format, or none that vkms can read.
const YuvLayout* find_yuv_layout(uint32_t format);
std::span<const YuvLayout> all_yuv_layouts();

/// Reads a pixel for each of `pixels`. A pixel has the chroma sample next to it: nothing is
/// interpolated.
void read_yuv(const SourceImage& image, const SourceWalk& walk, YuvReading reading,
              std::span<Argb16> pixels);

}  // namespace plugboard::vkms
