// What a person writes for a screen: "1920x1080@60", "1280x720", "none" or "default".
#pragma once

#include <string>
#include <string_view>

#include "daemon/problem.h"
#include "drivers/vkms/config.h"

namespace plugboard::daemon {

/// Reads a SPEC that a vkms can show; the problem's key is left empty.
Outcome<vkms::ScreenConfig> parse_screen_spec(std::string_view text);
/// The SPEC again: "1920x1080@60", "none", "default".
std::string to_string(const vkms::ScreenConfig& screen);

}  // namespace plugboard::daemon
