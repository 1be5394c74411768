// What a person writes for a screen: "1920x1080@60", "1280x720" or "none".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/problem.h"

namespace plugboard::daemon {

/// A size and refresh rate that VESA's CVT formula has timings for.
struct ScreenMode {
    uint32_t width = 0;
    uint32_t height = 0;
    double refresh_hz = 60;

    bool operator==(const ScreenMode&) const = default;
};

/// One screen of a card. Without a mode it is what the driver has by itself.
struct ScreenSpec {
    bool connected = true;
    std::optional<ScreenMode> mode;

    bool operator==(const ScreenSpec&) const = default;
};

/// Reads a SPEC; the problem's key is left empty.
Outcome<ScreenSpec> parse_screen_spec(std::string_view text);
/// The SPEC again: "1920x1080@60", "none", "default".
std::string to_string(const ScreenSpec& spec);

}  // namespace plugboard::daemon
