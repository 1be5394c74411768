// Loads and stores of little-endian words at any alignment, as all DRM formats are defined.
// Linux: include/linux/unaligned.h
#pragma once

#include <concepts>
#include <cstddef>
#include <cstring>

namespace plugboard::vkms {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "swap bytes here for other machines");

template <std::unsigned_integral T>
T load_little(const std::byte* source) {
    T word;
    std::memcpy(&word, source, sizeof(word));
    return word;
}

template <std::unsigned_integral T>
void store_little(std::byte* target, T word) {
    std::memcpy(target, &word, sizeof(word));
}

}  // namespace plugboard::vkms
