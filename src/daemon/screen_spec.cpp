#include "daemon/screen_spec.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "drm/objects/mode.h"

namespace plugboard::daemon {
namespace {

constexpr const char* kSpecRemedy =
    "write WIDTHxHEIGHT@HZ such as 1920x1080@60, or \"none\" for a screen that is not connected";

/// Takes a number off the front; nothing when there is none.
template <class Number>
std::optional<Number> take_number(std::string_view& text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return value;
}

bool take_char(std::string_view& text, char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<ScreenMode> read_mode(std::string_view text) {
    ScreenMode mode;
    const auto width = take_number<uint32_t>(text);
    if (!width || !take_char(text, 'x')) return std::nullopt;
    const auto height = take_number<uint32_t>(text);
    if (!height) return std::nullopt;
    mode.width = *width;
    mode.height = *height;
    if (text.empty()) return mode;
    if (!take_char(text, '@')) return std::nullopt;
    const auto refresh = take_number<double>(text);
    if (!refresh || !std::isfinite(*refresh)) return std::nullopt;
    if (!text.empty() && text != "Hz") return std::nullopt;
    mode.refresh_hz = *refresh;
    return mode;
}

}  // namespace

Outcome<ScreenSpec> parse_screen_spec(std::string_view text) {
    if (text == "none") return ScreenSpec{.connected = false, .mode = {}};
    if (text == "default") return ScreenSpec{};
    const auto mode = read_mode(text);
    if (!mode) {
        return Problem{.message = fmt::format("\"{}\" is no screen", text), .remedy = kSpecRemedy};
    }
    if (mode->refresh_hz < 1 || mode->refresh_hz > 1000) {
        return Problem{.message = fmt::format("{} Hz is not a refresh rate", mode->refresh_hz),
                       .remedy = "use 1 to 1000 Hz"};
    }
    if (!drm::Mode::try_cvt(mode->width, mode->height, mode->refresh_hz).ok()) {
        return Problem{.message = fmt::format("CVT has no timings for {}x{} at {} Hz", mode->width,
                                              mode->height, mode->refresh_hz),
                       .remedy = "use a smaller size or a lower refresh rate, at least 8x1"};
    }
    return ScreenSpec{.connected = true, .mode = mode};
}

std::string to_string(const ScreenSpec& spec) {
    if (!spec.connected) return "none";
    if (!spec.mode) return "default";
    return fmt::format("{}x{}@{}", spec.mode->width, spec.mode->height, spec.mode->refresh_hz);
}

}  // namespace plugboard::daemon
