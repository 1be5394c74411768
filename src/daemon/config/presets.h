// Boards that a name is enough for: `plugboard run -p laptop`. Each is a TOML to start from.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace plugboard::daemon {

struct Preset {
    std::string_view name;
    std::string_view what;  // a line for people
    std::string_view toml;
};

inline constexpr std::array presets{
    Preset{"vkms", "the newest kernel's vkms as it is",
           R"(# The vkms of Linux 7.2, as it is without module parameters.
[[card]]
name = "gpu0"
profile = "linux-latest"
)"},
    Preset{"vkms-6.1", "the vkms of Linux 6.1 as it is; the board without a preset",
           R"(# The vkms of Linux 6.1, as it is without module parameters.
[[card]]
name = "gpu0"
profile = "linux-6.1"
)"},
    Preset{
        "full", "a card with all that a driver can have, and two real monitors",
        R"(# What drivers of real hardware have beside the kernel's vkms. Each is a switch: turn one off to
# see what a client does without it.
[[card]]
name = "gpu0"
profile = "full"
overlays = 4
# zpos = false
# syncobj = false
[[card.screen]]
connector = "DP-1"
spec = "gaming"
[[card.screen]]
connector = "HDMI-A-1"
spec = "office"
)"},
    Preset{"laptop", "a panel, and two connectors where nothing is plugged in yet",
           R"(# A laptop: plugboard plug DP-1 --monitor uhd, and unplug DP-1, are its cable.
[[card]]
name = "gpu0"
profile = "full"
overlays = 2
[[card.screen]]
connector = "eDP-1"
spec = "panel"
[[card.screen]]
connector = "DP-1"
connected = false
[[card.screen]]
connector = "HDMI-A-1"
connected = false
)"},
    Preset{"laptop+4k", "the laptop beside a 4K monitor", R"(# A laptop at its desk.
[[card]]
name = "gpu0"
profile = "full"
overlays = 2
[[card.screen]]
connector = "eDP-1"
spec = "panel"
[[card.screen]]
connector = "DP-1"
spec = "uhd"
[[card.screen]]
connector = "HDMI-A-1"
connected = false
)"},
    Preset{"dock", "the laptop in a dock with two monitors",
           R"(# A laptop in its dock. The dock's connectors come and go with its monitors:
# plugboard unplug DP-3 takes the connector away, plugboard plug DP-3 --monitor office brings it.
[[card]]
name = "gpu0"
profile = "full"
overlays = 2
crtcs = 3
[[card.screen]]
connector = "eDP-1"
spec = "panel"
[[card.screen]]
connector = "DP-1"
connected = false
[[card.screen]]
connector = "DP-2"
path = "mst:DP-1-1"
spec = "office"
[[card.screen]]
connector = "DP-3"
path = "mst:DP-1-8"
spec = "portrait"
)"},
    Preset{
        "legacy", "an old driver: no atomic, no planes beside the screen's, no modifiers",
        R"(# What a client meets that was written for new drivers alone: it needs its other code here.
[[card]]
name = "gpu0"
profile = "linux-6.1"
driver_name = "legacy"
driver_description = "A driver without atomic"
atomic = false
# universal_planes = false  # older still; Weston says that it needs them
modifiers = false
prime = false
writeback = false
[[card.screen]]
connector = "VGA-1"
spec = "projector"
)"},
    Preset{
        "two-cards", "two cards with a screen each",
        R"(# Two cards: which one does a client take, and what becomes of it when that one is pulled?
[[card]]
name = "gpu0"
profile = "linux-latest"
[[card.screen]]
connector = "HDMI-A-1"
spec = "office"
[[card]]
name = "gpu1"
profile = "linux-latest"
[[card.screen]]
connector = "DP-1"
spec = "gaming"
)"},
    Preset{"no-screen", "a card at which nothing is plugged in",
           R"(# A machine without a screen, until plugboard plug DP-1 --monitor office.
[[card]]
name = "gpu0"
profile = "linux-latest"
[[card.screen]]
connector = "DP-1"
connected = false
)"},
    Preset{
        "broken-edid", "a monitor whose EDID is broken",
        R"(# A cable that garbles: the screen is connected, what it says of itself is not to be trusted.
[[card]]
name = "gpu0"
profile = "linux-latest"
[[card.screen]]
connector = "HDMI-A-1"
spec = "broken"
)"},
};

/// Null: there is none.
constexpr const Preset* find_preset(std::string_view name) {
    for (const Preset& preset : presets)
        if (preset.name == name) return &preset;
    return nullptr;
}

/// "vkms, vkms-6.1, ..."
inline std::string preset_names() {
    std::string names;
    for (const Preset& preset : presets)
        names.append(names.empty() ? "" : ", ").append(preset.name);
    return names;
}

/// "laptop       a panel, and ...", a line each, for a help text.
inline std::string preset_lines() {
    std::string lines;
    for (const Preset& preset : presets) {
        std::string name(preset.name);
        name.resize(13, ' ');
        lines.append("  ").append(name).append(preset.what).append("\n");
    }
    return lines;
}

}  // namespace plugboard::daemon
