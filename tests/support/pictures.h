// The test pictures of tests/reference: what was on screen when the kernel gave its CRCs.
// Needs libdrm's headers only, so that client programs can draw them too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace plugboard::tests {

/// A picture of one plane in a buffer without padding.
struct Picture {
    uint32_t format = 0;
    uint32_t width = 0;
    uint32_t height = 0;
    uint32_t pitch = 0;
    std::vector<std::byte> bytes;
};

/// Bytes of a pixel in XR24, AR24, RG16, XR48 and AR48; 0 for other formats.
uint32_t bytes_per_pixel(uint32_t format);

/// Draws the pattern of reference/linux-6.1/README.md into memory; x and y count from its corner.
void draw_pattern(uint32_t format, uint32_t width, uint32_t height, uint32_t pitch,
                  std::span<std::byte> target);
Picture pattern(uint32_t format, uint32_t width, uint32_t height);
/// The XR24 one as PNG files have it: a byte each of red, green and blue a pixel.
std::vector<uint8_t> pattern_rgb(uint32_t width, uint32_t height);

/// An XR24 picture of one colour 0xRRGGBB.
Picture solid(uint32_t rgb, uint32_t width, uint32_t height);

}  // namespace plugboard::tests
