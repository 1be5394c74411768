#include "drivers/vkms/composer/fixed_point.h"

#include <bit>

namespace plugboard::vkms {
namespace {

/// The index of the highest set bit of |value|; 0 for 0.
int highest_bit(int64_t value) {
    const uint64_t bits = static_cast<uint64_t>(value);
    const uint64_t size = value < 0 ? 0 - bits : bits;
    return size == 0 ? 0 : 63 - std::countl_zero(size);
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

}  // namespace plugboard::vkms
