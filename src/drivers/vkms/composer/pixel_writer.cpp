// Writes composed lines in the formats of writeback framebuffers and screenshots.
// Linux: drivers/gpu/drm/vkms/vkms_formats.c
#include "drivers/vkms/composer/pixel_writer.h"

#include <drm_fourcc.h>

#include "drivers/vkms/composer/little_endian.h"

namespace plugboard::vkms {
namespace {

/// round(channel * highest / 65535); never a tie, because 65535 is odd.
constexpr uint32_t narrow(uint16_t channel, uint32_t highest) {
    return (channel * highest + 0x7fff) / 0xffff;
}
static_assert(narrow(128, 0xff) == 0 && narrow(129, 0xff) == 1 && narrow(0xffff, 0xff) == 0xff);

constexpr uint32_t to_rgb888(const Argb16& pixel) {
    return narrow(pixel.r, 0xff) << 16 | narrow(pixel.g, 0xff) << 8 | narrow(pixel.b, 0xff);
}

constexpr uint32_t to_bgr888(const Argb16& pixel) {
    return narrow(pixel.b, 0xff) << 16 | narrow(pixel.g, 0xff) << 8 | narrow(pixel.r, 0xff);
}

constexpr uint64_t to_16161616(const Argb16& pixel) {
    return uint64_t{pixel.a} << 48 | uint64_t{pixel.r} << 32 | uint64_t{pixel.g} << 16 | pixel.b;
}

constexpr uint16_t to_565(const Argb16& pixel) {
    return static_cast<uint16_t>(narrow(pixel.r, 31) << 11 | narrow(pixel.g, 63) << 5 |
                                 narrow(pixel.b, 31));
}

void write_xrgb8888(std::span<const Argb16> pixels, std::byte* target) {
    for (const Argb16& pixel : pixels) {
        store_little<uint32_t>(target, 0xff000000U | to_rgb888(pixel));
        target += 4;
    }
}

void write_argb8888(std::span<const Argb16> pixels, std::byte* target) {
    for (const Argb16& pixel : pixels) {
        store_little<uint32_t>(target, narrow(pixel.a, 0xff) << 24 | to_rgb888(pixel));
        target += 4;
    }
}

void write_abgr8888(std::span<const Argb16> pixels, std::byte* target) {
    for (const Argb16& pixel : pixels) {
        store_little<uint32_t>(target, narrow(pixel.a, 0xff) << 24 | to_bgr888(pixel));
        target += 4;
    }
}

void write_xrgb16161616(std::span<const Argb16> pixels, std::byte* target) {
    for (const Argb16& pixel : pixels) {
        store_little<uint64_t>(target, 0xffffULL << 48 | to_16161616(pixel));
        target += 8;
    }
}

void write_argb16161616(std::span<const Argb16> pixels, std::byte* target) {
    for (const Argb16& pixel : pixels) {
        store_little<uint64_t>(target, to_16161616(pixel));
        target += 8;
    }
}

void write_rgb565(std::span<const Argb16> pixels, std::byte* target) {
    for (const Argb16& pixel : pixels) {
        store_little<uint16_t>(target, to_565(pixel));
        target += 2;
    }
}

void write_bgr888(std::span<const Argb16> pixels, std::byte* target) {
    for (const Argb16& pixel : pixels) {
        const uint32_t rgb = to_rgb888(pixel);
        target[0] = static_cast<std::byte>(rgb >> 16);
        target[1] = static_cast<std::byte>(rgb >> 8);
        target[2] = static_cast<std::byte>(rgb);
        target += 3;
    }
}

constexpr PixelWriter writers[] = {
    {DRM_FORMAT_ARGB8888, 4, write_argb8888},
    {DRM_FORMAT_ABGR8888, 4, write_abgr8888},
    {DRM_FORMAT_XRGB8888, 4, write_xrgb8888},
    {DRM_FORMAT_XRGB16161616, 8, write_xrgb16161616},
    {DRM_FORMAT_ARGB16161616, 8, write_argb16161616},
    {DRM_FORMAT_RGB565, 2, write_rgb565},
    {DRM_FORMAT_BGR888, 3, write_bgr888},
};

}  // namespace

const PixelWriter* find_writer(uint32_t format) {
    for (const PixelWriter& writer : writers) {
        if (writer.format == format) return &writer;
    }
    return nullptr;
}

std::span<const PixelWriter> all_writers() {
    return writers;
}

}  // namespace plugboard::vkms
