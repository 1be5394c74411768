// What a fuzzer makes of its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tests/support/dice.h"

namespace plugboard::fuzz {

/// Four bytes a number; the rest is zero.
inline tests::Numbers numbers_of(const uint8_t* bytes, size_t size) {
    tests::Numbers numbers((size + 3) / 4);
    if (size != 0) std::memcpy(numbers.data(), bytes, size);
    return numbers;
}

/// One byte a number.
inline tests::Numbers bytes_of(const uint8_t* bytes, size_t size) { return {bytes, bytes + size}; }

/// Ends the process as a crash does: the fuzzer keeps the input.
[[noreturn]] inline void found(const std::string& mistake) {
    std::fprintf(stderr, "found: %s\n", mistake.c_str());
    std::abort();
}

}  // namespace plugboard::fuzz
