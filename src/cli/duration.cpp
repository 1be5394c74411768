#include "cli/duration.h"

#include <charconv>

namespace plugboard::cli {

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return std::nullopt;
    const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
    double factor = 0;
    if (unit == "ms") factor = 1;
    if (unit.empty() || unit == "s") factor = 1000;
    if (unit == "m") factor = 60 * 1000;
    if (unit == "h") factor = 3600 * 1000;
    const double milliseconds = value * factor;
    constexpr double longest = 1000.0 * 3600 * 24 * 365;
    if (!(milliseconds >= 1 && milliseconds <= longest)) return std::nullopt;
    return std::chrono::milliseconds(static_cast<int64_t>(milliseconds));
}

}  // namespace plugboard::cli
