// How long: "500ms", "30s", "2m", "1h", or seconds.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace plugboard::cli {

/// Nothing when it is no duration, is zero or does not fit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace plugboard::cli
