// The CRTC's gamma table, applied to composed lines with the kernel's fixed-point losses.
// Linux: drivers/gpu/drm/vkms/vkms_composer.c, include/drm/drm_fixed.h
#include "drivers/vkms/gamma.h"

#include <bit>
#include <cstddef>

namespace plugboard::vkms {
namespace {

constexpr int64_t one = int64_t{1} << 32;
constexpr int64_t fraction = one - 1;

/// The index of the highest set bit of |value|; 0 for 0.
int highest_bit(int64_t value) {
    const uint64_t bits = static_cast<uint64_t>(value);
    const uint64_t size = value < 0 ? 0 - bits : bits;
    return size == 0 ? 0 : 63 - std::countl_zero(size);
}

uint16_t look_up(std::span<const drm_color_lut> table, uint16_t drm_color_lut::*channel,
                 int64_t step, uint16_t value) {
    const int64_t index = multiply_fixed(int64_t{value} << 32, step);
    const uint16_t below = table[static_cast<size_t>(index >> 32)].*channel;
    const uint16_t above = table[static_cast<size_t>((index + fraction) >> 32)].*channel;
    const int64_t rise = int64_t{above - below} * one;
    const int64_t result = int64_t{below} * one + multiply_fixed(rise, index & fraction);
    return static_cast<uint16_t>((result + one / 2) >> 32);
}

}  // namespace

int64_t multiply_fixed(int64_t a, int64_t b) {
    const int excess = highest_bit(a) + highest_bit(b) - 61;
    if (excess <= 0) return (a * b) >> 32;
    a >>= (excess + 1) / 2;
    b >>= excess / 2;
    // Out of range it wraps, as the kernel's does.
    const uint64_t product = static_cast<uint64_t>(a) * static_cast<uint64_t>(b);
    if (excess > 32) return static_cast<int64_t>(product << (excess - 32));
    return static_cast<int64_t>(product) >> (32 - excess);
}

void apply_gamma(std::span<const drm_color_lut> table, std::span<Argb16> line) {
    if (table.empty()) return;
    const int64_t step = (static_cast<int64_t>(table.size() - 1) << 32) / 0xffff;
    for (Argb16& pixel : line) {
        pixel.r = look_up(table, &drm_color_lut::red, step, pixel.r);
        pixel.g = look_up(table, &drm_color_lut::green, step, pixel.g);
        pixel.b = look_up(table, &drm_color_lut::blue, step, pixel.b);
    }
}

}  // namespace plugboard::vkms
