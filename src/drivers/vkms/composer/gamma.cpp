// The CRTC's gamma table, applied to composed lines with the kernel's fixed-point losses.
// Linux: drivers/gpu/drm/vkms/vkms_composer.c
#include "drivers/vkms/composer/gamma.h"

#include <cstddef>

#include "drivers/vkms/composer/fixed_point.h"

namespace plugboard::vkms {
namespace {

/// From a value to its place in a table of `size` entries, in 32.32.
int64_t table_step(size_t size) {
    return (static_cast<int64_t>(size - 1) << 32) / 0xffff;
}

uint16_t interpolate(std::span<const drm_color_lut> table, uint16_t drm_color_lut::*channel,
                     int64_t step, uint16_t value) {
    const int64_t index = multiply_fixed(int64_t{value} << 32, step);
    const uint16_t below = table[static_cast<size_t>(index >> 32)].*channel;
    const uint16_t above = table[static_cast<size_t>((index + fixed_fraction) >> 32)].*channel;
    const int64_t rise = int64_t{above - below} * fixed_one;
    return static_cast<uint16_t>(
        round_fixed(int64_t{below} * fixed_one + multiply_fixed(rise, index & fixed_fraction)));
}

}  // namespace

uint16_t look_up(std::span<const drm_color_lut> table, uint16_t drm_color_lut::*channel,
                 uint16_t value) {
    return interpolate(table, channel, table_step(table.size()), value);
}

void apply_gamma(std::span<const drm_color_lut> table, std::span<Argb16> line) {
    if (table.empty()) return;
    const int64_t step = table_step(table.size());
    for (Argb16& pixel : line) {
        pixel.r = interpolate(table, &drm_color_lut::red, step, pixel.r);
        pixel.g = interpolate(table, &drm_color_lut::green, step, pixel.g);
        pixel.b = interpolate(table, &drm_color_lut::blue, step, pixel.b);
    }
}

}  // namespace plugboard::vkms
