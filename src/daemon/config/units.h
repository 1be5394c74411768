// The units of what people write: "64 MB", "5ms".
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "base/clock.h"

namespace plugboard::daemon {

struct TimeUnit {
    std::string_view name;
    Nanos length;
};
inline constexpr std::array time_units = {
    TimeUnit{"us", std::chrono::microseconds(1)}, TimeUnit{"ms", std::chrono::milliseconds(1)},
    TimeUnit{"s", std::chrono::seconds(1)}, TimeUnit{"m", std::chrono::minutes(1)}};

struct ByteUnit {
    std::string_view name;
    uint64_t bytes;
};
inline constexpr std::array byte_units = {ByteUnit{"", 1},
                                          ByteUnit{"B", 1},
                                          ByteUnit{"kB", 1000},
                                          ByteUnit{"MB", 1000000},
                                          ByteUnit{"GB", 1000000000},
                                          ByteUnit{"KiB", 1ULL << 10},
                                          ByteUnit{"MiB", 1ULL << 20},
                                          ByteUnit{"GiB", 1ULL << 30}};

/// Whether the word is a unit by itself: the "MB" of "64 MB".
inline bool is_unit(std::string_view word) {
    const auto is_it = [word](const auto& unit) { return unit.name == word; };
    return !word.empty() &&
           (std::ranges::any_of(time_units, is_it) || std::ranges::any_of(byte_units, is_it));
}

}  // namespace plugboard::daemon
