// What a person writes for a screen: "1920x1080@60", a monitor's name, an EDID file, "none"; and
// for where it is plugged in: "DP-1".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/config/problem.h"
#include "drivers/vkms/config.h"

namespace plugboard::daemon {

/// What is known beside the text.
struct SpecContext {
    /// None: a Virtual one for a mode, what a monitor has for a monitor, DisplayPort for a file.
    std::optional<vkms::ConnectorConfig> connector{};
    std::string folder{};  // that a file's path is relative to; empty: the current one
};

/// Reads a SPEC that a vkms can show; the problem's key is left empty.
Outcome<vkms::ScreenConfig> parse_screen_spec(std::string_view text,
                                              const SpecContext& context = {});

// The three kinds of SPEC that plug one in, each by itself.
Outcome<vkms::ScreenConfig> screen_with_mode(std::string_view text,
                                             const vkms::ConnectorConfig& connector);
Outcome<vkms::ScreenConfig> screen_of_monitor(std::string_view name,
                                              const vkms::ConnectorConfig& connector);
/// Of bytes from a file: good or bad, as the file has them.
Outcome<vkms::ScreenConfig> screen_with_edid(std::vector<std::byte> edid,
                                             const vkms::ConnectorConfig& connector);

/// "DP-1"; nothing for a text that names no connector for screens.
std::optional<vkms::ConnectorConfig> parse_connector_name(std::string_view text);
/// "mst:DP-1-1-8": port 8 of a dock at port 1 of a dock at DP-1; nothing for another text.
std::optional<vkms::DockPort> parse_dock_path(std::string_view text);

}  // namespace plugboard::daemon
