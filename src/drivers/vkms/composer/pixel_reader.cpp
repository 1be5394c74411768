// Reads pixels of the formats whose pixels are whole bytes of one plane into 16-bit channels.
// Linux: drivers/gpu/drm/vkms/vkms_formats.c
#include "drivers/vkms/composer/pixel_reader.h"

#include <drm_fourcc.h>

#include "drivers/vkms/composer/little_endian.h"

namespace plugboard::vkms {
namespace {

constexpr uint16_t full_alpha = 0xffff;

/// round(level * 65535 / highest).
constexpr uint16_t widen(uint32_t level, uint32_t highest) {
    return static_cast<uint16_t>((level * 0xffff + highest / 2) / highest);
}
static_assert(widen(0x12, 0xff) == 0x12 * 257);

constexpr Argb16 opaque(Argb16 pixel) {
    pixel.a = full_alpha;
    return pixel;
}

constexpr Argb16 red_and_blue_swapped(const Argb16& pixel) {
    return {.a = pixel.a, .r = pixel.b, .g = pixel.g, .b = pixel.r};
}

// ---- one pixel; each is named after its format

constexpr Argb16 argb8888(uint32_t word) {
    return {.a = widen(word >> 24, 0xff),
            .r = widen((word >> 16) & 0xff, 0xff),
            .g = widen((word >> 8) & 0xff, 0xff),
            .b = widen(word & 0xff, 0xff)};
}

constexpr Argb16 abgr8888(uint32_t word) {
    return red_and_blue_swapped(argb8888(word));
}

constexpr Argb16 rgba8888(uint32_t word) {
    return argb8888(word >> 8 | word << 24);
}

constexpr Argb16 bgra8888(uint32_t word) {
    return red_and_blue_swapped(rgba8888(word));
}

constexpr Argb16 xrgb8888(uint32_t word) {
    return opaque(argb8888(word));
}

constexpr Argb16 xbgr8888(uint32_t word) {
    return opaque(abgr8888(word));
}

constexpr Argb16 argb16161616(uint64_t word) {
    return {.a = static_cast<uint16_t>(word >> 48),
            .r = static_cast<uint16_t>(word >> 32),
            .g = static_cast<uint16_t>(word >> 16),
            .b = static_cast<uint16_t>(word)};
}

constexpr Argb16 abgr16161616(uint64_t word) {
    return red_and_blue_swapped(argb16161616(word));
}

constexpr Argb16 xrgb16161616(uint64_t word) {
    return opaque(argb16161616(word));
}

constexpr Argb16 xbgr16161616(uint64_t word) {
    return opaque(abgr16161616(word));
}

constexpr Argb16 rgb565(uint16_t word) {
    return {.a = full_alpha,
            .r = widen(word >> 11, 31),
            .g = widen((word >> 5) & 63, 63),
            .b = widen(word & 31, 31)};
}

constexpr Argb16 bgr565(uint16_t word) {
    return red_and_blue_swapped(rgb565(word));
}

constexpr Argb16 r8(uint8_t level) {
    const uint16_t gray = widen(level, 0xff);
    return {.a = full_alpha, .r = gray, .g = gray, .b = gray};
}

// ---- lines

template <class Word, Argb16 (*convert)(Word)>
void read_words(const std::byte* source, std::span<Argb16> pixels) {
    for (Argb16& pixel : pixels) {
        pixel = convert(load_little<Word>(source));
        source += sizeof(Word);
    }
}

/// Words of three bytes.
template <Argb16 (*convert)(uint32_t)>
void read_triples(const std::byte* source, std::span<Argb16> pixels) {
    for (Argb16& pixel : pixels) {
        const uint32_t low = load_little<uint16_t>(source);
        pixel = convert(std::to_integer<uint32_t>(source[2]) << 16 | low);
        source += 3;
    }
}

constexpr PixelReader readers[] = {
    {DRM_FORMAT_ARGB8888, 4, read_words<uint32_t, argb8888>},
    {DRM_FORMAT_ABGR8888, 4, read_words<uint32_t, abgr8888>},
    {DRM_FORMAT_BGRA8888, 4, read_words<uint32_t, bgra8888>},
    {DRM_FORMAT_RGBA8888, 4, read_words<uint32_t, rgba8888>},
    {DRM_FORMAT_XRGB8888, 4, read_words<uint32_t, xrgb8888>},
    {DRM_FORMAT_XBGR8888, 4, read_words<uint32_t, xbgr8888>},
    {DRM_FORMAT_RGB888, 3, read_triples<xrgb8888>},
    {DRM_FORMAT_BGR888, 3, read_triples<xbgr8888>},
    {DRM_FORMAT_XRGB16161616, 8, read_words<uint64_t, xrgb16161616>},
    {DRM_FORMAT_XBGR16161616, 8, read_words<uint64_t, xbgr16161616>},
    {DRM_FORMAT_ARGB16161616, 8, read_words<uint64_t, argb16161616>},
    {DRM_FORMAT_ABGR16161616, 8, read_words<uint64_t, abgr16161616>},
    {DRM_FORMAT_RGB565, 2, read_words<uint16_t, rgb565>},
    {DRM_FORMAT_BGR565, 2, read_words<uint16_t, bgr565>},
    {DRM_FORMAT_R8, 1, read_words<uint8_t, r8>},
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
