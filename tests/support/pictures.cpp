// The test pictures of tests/reference: what was on screen when the kernel gave its CRCs.
#include "tests/support/pictures.h"

#include <libdrm/drm_fourcc.h>

#include <cstring>

namespace plugboard::tests {
namespace {

template <class Word>
void put(std::byte* target, Word word) {
    std::memcpy(target, &word, sizeof(word));
}

uint16_t cut(uint32_t value) {
    return static_cast<uint16_t>(value);
}

uint64_t pack_64(uint64_t a, uint64_t r, uint64_t g, uint64_t b) {
    return a << 48 | r << 32 | g << 16 | b;
}

void draw_pixel(uint32_t format, uint32_t x, uint32_t y, std::byte* target) {
    const uint32_t r = (x * 3 + y) & 255;
    const uint32_t g = (x + y * 5) & 255;
    const uint32_t b = ((x * 7) ^ y) & 255;
    const uint32_t a = (x + y) & 255;
    const auto times_alpha = [a](uint32_t c) { return c * 257 * (a * 257) / 65535; };
    switch (format) {
        case DRM_FORMAT_XRGB8888: put(target, x << 24 | r << 16 | g << 8 | b); break;
        case DRM_FORMAT_ARGB8888:
            put(target, a << 24 | (r * a / 255) << 16 | (g * a / 255) << 8 | b * a / 255);
            break;
        case DRM_FORMAT_RGB565: put(target, cut((r >> 3) << 11 | (g >> 2) << 5 | b >> 3)); break;
        case DRM_FORMAT_XRGB16161616:
            put(target, pack_64(0, cut(r * 251 + y), cut(g * 199 + x), cut(b * 257)));
            break;
        case DRM_FORMAT_ARGB16161616:
            put(target, pack_64(a * 257, times_alpha(r), times_alpha(g), times_alpha(b)));
            break;
        default: break;
    }
}

Picture blank(uint32_t format, uint32_t width, uint32_t height) {
    Picture picture{.format = format,
                    .width = width,
                    .height = height,
                    .pitch = width * bytes_per_pixel(format),
                    .bytes = {}};
    picture.bytes.resize(size_t{picture.pitch} * height);
    return picture;
}

}  // namespace

uint32_t bytes_per_pixel(uint32_t format) {
    switch (format) {
        case DRM_FORMAT_RGB565: return 2;
        case DRM_FORMAT_XRGB8888:
        case DRM_FORMAT_ARGB8888: return 4;
        case DRM_FORMAT_XRGB16161616:
        case DRM_FORMAT_ARGB16161616: return 8;
        default: return 0;
    }
}

void draw_pattern(uint32_t format, uint32_t width, uint32_t height, uint32_t pitch,
                  std::span<std::byte> target) {
    for (uint32_t y = 0; y < height; ++y) {
        std::byte* row = target.data() + size_t{y} * pitch;
        for (uint32_t x = 0; x < width; ++x) {
            draw_pixel(format, x, y, row + size_t{x} * bytes_per_pixel(format));
        }
    }
}

Picture pattern(uint32_t format, uint32_t width, uint32_t height) {
    Picture picture = blank(format, width, height);
    draw_pattern(format, width, height, picture.pitch, picture.bytes);
    return picture;
}

std::vector<uint8_t> pattern_rgb(uint32_t width, uint32_t height) {
    const Picture picture = pattern(DRM_FORMAT_XRGB8888, width, height);
    std::vector<uint8_t> rgb;
    rgb.reserve(size_t{3} * width * height);
    for (size_t pixel = 0; pixel < picture.bytes.size(); pixel += 4) {
        for (const size_t channel : {2u, 1u, 0u})
            rgb.push_back(static_cast<uint8_t>(picture.bytes[pixel + channel]));
    }
    return rgb;
}

Picture solid(uint32_t rgb, uint32_t width, uint32_t height) {
    Picture picture = blank(DRM_FORMAT_XRGB8888, width, height);
    for (size_t i = 0; i < picture.bytes.size(); i += sizeof(rgb)) put(&picture.bytes[i], rgb);
    return picture;
}

}  // namespace plugboard::tests
