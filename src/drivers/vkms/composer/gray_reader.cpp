#include "drivers/vkms/composer/gray_reader.h"

#include <drm_fourcc.h>

#include <cstddef>
#include <optional>

#include "uapi/drm_fourcc_extra.h"

namespace plugboard::vkms {
namespace {

/// The byte of the walk's pixel `i`; nothing where the picture has none.
std::optional<std::byte> gray_byte(const SourceImage& image, const SourceWalk& walk, int64_t i,
                                   uint32_t pixels_per_byte) {
    const PlaneMemory& memory = image.planes[0];
    if (walk.is_along_a_row()) {
        if (!is_inside(image.size, walk.x_at(i), walk.y)) return std::nullopt;
        const auto bytes = memory.at(static_cast<uint64_t>(walk.y),
                                     static_cast<uint64_t>(walk.x_at(i)) / pixels_per_byte, 1);
        return bytes.empty() ? std::nullopt : std::optional(bytes[0]);
    }
    // Linux: vkms_formats.c goes on by as many lines as a byte has pixels, and so soon leaves the
    // picture. What it finds there is what the memory has; we add zeros.
    if (walk.x < 0 || walk.x >= image.size.width) return std::nullopt;
    const int64_t y = walk.y_at(i * pixels_per_byte);
    if (y < 0) return std::byte{};
    const auto bytes =
        memory.at(static_cast<uint64_t>(y), static_cast<uint64_t>(walk.x) / pixels_per_byte, 1);
    return bytes.empty() ? std::byte{} : bytes[0];
}

}  // namespace

uint32_t gray_bits(uint32_t format) {
    switch (format) {
        case DRM_FORMAT_R1: return 1;
        case DRM_FORMAT_R2: return 2;
        case DRM_FORMAT_R4: return 4;
        default: return 0;
    }
}

void read_gray(const SourceImage& image, const SourceWalk& walk, std::span<Argb16> pixels) {
    const uint32_t bits = gray_bits(image.format);
    const uint32_t highest = (1U << bits) - 1;
    const uint32_t pixels_per_byte = 8 / bits;
    for (size_t i = 0; i < pixels.size(); ++i) {
        const auto step = static_cast<int64_t>(i);
        const auto byte = gray_byte(image, walk, step, pixels_per_byte);
        if (!byte) {
            pixels[i] = {};
            continue;
        }
        const auto in_byte = static_cast<uint32_t>(walk.x_at(step) % pixels_per_byte);
        const uint32_t shift = (pixels_per_byte - 1 - in_byte) * bits;
        const uint32_t level = std::to_integer<uint32_t>(*byte) >> shift & highest;
        const auto gray = static_cast<uint16_t>(level * (0xffff / highest));
        pixels[i] = {.a = 0xffff, .r = gray, .g = gray, .b = gray};
    }
}

}  // namespace plugboard::vkms
