// Reads pixels of each format that vkms planes take into the 16-bit form it composes in.
// Linux: drivers/gpu/drm/vkms/vkms_formats.c
#include "drivers/vkms/pixel_reader.h"

#include <drm_fourcc.h>

#include "drivers/vkms/little_endian.h"

namespace plugboard::vkms {
namespace {

constexpr uint16_t full_alpha = 0xffff;

/// round(level * 65535 / highest).
constexpr uint16_t widen(uint32_t level, uint32_t highest) {
    return static_cast<uint16_t>((level * 0xffff + highest / 2) / highest);
}
static_assert(widen(0x12, 0xff) == 0x12 * 257);

constexpr Argb16 from_8888(uint32_t word) {
    return {.a = widen(word >> 24, 0xff),
            .r = widen((word >> 16) & 0xff, 0xff),
            .g = widen((word >> 8) & 0xff, 0xff),
            .b = widen(word & 0xff, 0xff)};
}

constexpr Argb16 from_16161616(uint64_t word) {
    return {.a = static_cast<uint16_t>(word >> 48),
            .r = static_cast<uint16_t>(word >> 32),
            .g = static_cast<uint16_t>(word >> 16),
            .b = static_cast<uint16_t>(word)};
}

constexpr Argb16 from_565(uint16_t word) {
    return {.a = full_alpha,
            .r = widen(word >> 11, 31),
            .g = widen((word >> 5) & 63, 63),
            .b = widen(word & 31, 31)};
}

constexpr Argb16 opaque(Argb16 pixel) {
    pixel.a = full_alpha;
    return pixel;
}

void read_xrgb8888(const std::byte* source, std::span<Argb16> pixels) {
    for (Argb16& pixel : pixels) {
        pixel = opaque(from_8888(load_little<uint32_t>(source)));
        source += 4;
    }
}

void read_argb8888(const std::byte* source, std::span<Argb16> pixels) {
    for (Argb16& pixel : pixels) {
        pixel = from_8888(load_little<uint32_t>(source));
        source += 4;
    }
}

void read_xrgb16161616(const std::byte* source, std::span<Argb16> pixels) {
    for (Argb16& pixel : pixels) {
        pixel = opaque(from_16161616(load_little<uint64_t>(source)));
        source += 8;
    }
}

void read_argb16161616(const std::byte* source, std::span<Argb16> pixels) {
    for (Argb16& pixel : pixels) {
        pixel = from_16161616(load_little<uint64_t>(source));
        source += 8;
    }
}

void read_rgb565(const std::byte* source, std::span<Argb16> pixels) {
    for (Argb16& pixel : pixels) {
        pixel = from_565(load_little<uint16_t>(source));
        source += 2;
    }
}

constexpr PixelReader readers[] = {
    {DRM_FORMAT_ARGB8888, 4, read_argb8888},
    {DRM_FORMAT_XRGB8888, 4, read_xrgb8888},
    {DRM_FORMAT_XRGB16161616, 8, read_xrgb16161616},
    {DRM_FORMAT_ARGB16161616, 8, read_argb16161616},
    {DRM_FORMAT_RGB565, 2, read_rgb565},
};

}  // namespace

const PixelReader* find_reader(uint32_t format) {
    for (const PixelReader& reader : readers) {
        if (reader.format == format) return &reader;
    }
    return nullptr;
}

std::span<const PixelReader> all_readers() {
    return readers;
}

}  // namespace plugboard::vkms
