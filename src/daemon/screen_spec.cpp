#include "daemon/screen_spec.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

namespace plugboard::daemon {
namespace {

constexpr const char* spec_remedy =
    "write WIDTHxHEIGHT@HZ such as 1920x1080@60, or \"none\" for a screen that is not connected";
constexpr double slowest = 1, fastest = 1000;  // Hz

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

std::optional<vkms::ScreenMode> read_mode(std::string_view text) {
    vkms::ScreenMode mode;
    const auto width = take_number<uint32_t>(text);
    if (!width || !take_char(text, 'x')) return std::nullopt;
    const auto height = take_number<uint32_t>(text);
    if (!height) return std::nullopt;
    mode.width = *width;
    mode.height = *height;
    if (text.empty()) return mode;
    if (!take_char(text, '@')) return std::nullopt;
    const auto refresh = take_number<double>(text);
    if (!refresh || !std::isfinite(*refresh) || !text.empty()) return std::nullopt;
    mode.refresh_hz = *refresh;
    return mode;
}

}  // namespace

Outcome<vkms::ScreenConfig> parse_screen_spec(std::string_view text) {
    if (text == "none") return vkms::ScreenConfig{.connected = false};
    if (text == "default") return vkms::ScreenConfig{};
    const auto mode = read_mode(text);
    if (!mode)
        return Problem{.message = fmt::format("\"{}\" is no screen", text), .remedy = spec_remedy};
    if (mode->refresh_hz < slowest || mode->refresh_hz > fastest) {
        return Problem{.message = fmt::format("{} Hz is not a refresh rate", mode->refresh_hz),
                       .remedy = fmt::format("use {} to {} Hz", slowest, fastest)};
    }
    vkms::Config config;
    config.screens = {vkms::ScreenConfig{.connected = true, .mode = mode}};
    if (const auto errors = vkms::validate(config); !errors.empty()) {
        return Problem{.message = errors.front().message, .remedy = errors.front().remedy};
    }
    return config.screens.front();
}

std::string to_string(const vkms::ScreenConfig& screen) {
    if (!screen.connected) return "none";
    if (!screen.mode) return "default";
    return fmt::format("{}x{}@{}", screen.mode->width, screen.mode->height,
                       screen.mode->refresh_hz);
}

}  // namespace plugboard::daemon
