// Numbers of 32.32 bits, with the losses that the kernel's have.
// Linux: include/drm/drm_fixed.h
#pragma once

#include <cstdint>

namespace plugboard::vkms {

inline constexpr int64_t fixed_one = int64_t{1} << 32;
inline constexpr int64_t fixed_fraction = fixed_one - 1;

/// A 32.32 product as the kernel computes it: large factors lose low bits first.
int64_t multiply_fixed(int64_t a, int64_t b);

/// To the nearest whole number, ties upwards.
constexpr int64_t round_fixed(int64_t value) {
    return (value + fixed_one / 2) >> 32;
}

}  // namespace plugboard::vkms
