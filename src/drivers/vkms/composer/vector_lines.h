// The inner loops of the fast composer, in the widest vectors that the machine has. Each gives, bit
// for bit, what the plain loop of the same job gives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "drivers/vkms/composer/argb16.h"
#include "drivers/vkms/composer/pixel_reader.h"
#include "drivers/vkms/composer/pixel_writer.h"

namespace plugboard::vkms {

/// As `reader.read(source, pixels)`.
void read_in_vectors(const PixelReader& reader, const std::byte* source, std::span<Argb16> pixels);

/// As `writer.write(pixels, target)`.
void write_in_vectors(const PixelWriter& writer, std::span<const Argb16> pixels, std::byte* target);

/// As blend_line().
void blend_in_vectors(std::span<const Argb16> source, std::span<Argb16> line);

/// What pixels of luma and chroma are made of, in 32.32: a color is the luma and its own part.
struct ColorParts {
    const int64_t* luma;                // of each pixel
    const int64_t *red, *green, *blue;  // of each sample of chroma; a vector more may be read
    uint32_t hshift = 0, skipped = 0;   // 1: two pixels share a sample; and the first is not shown
    size_t sample_of(size_t pixel) const { return (pixel + skipped) >> hshift; }
};
/// Opaque pixels. Fractions are cut off, colors beyond 16 bits are the nearest that has 16.
void join_colors(const ColorParts& parts, std::span<Argb16> pixels);

/// XRGB8888 to XRGB8888: the unused bits become ones. At any alignment.
void copy_opaque(const std::byte* source, std::byte* target, size_t pixels);

}  // namespace plugboard::vkms
