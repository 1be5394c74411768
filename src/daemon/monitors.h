// Monitors that a screen can be called after: `-s DP-1=office`.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace plugboard::daemon {

/// What people choose by. The EDID is in monitors.cpp.
struct Monitor {
    const char* name;
    const char* connector;  // the type it is plugged into when nobody says another
    const char* what;
};

inline constexpr std::array monitors{
    Monitor{"office", "HDMI-A", "24 inch, 1920x1080 at 60 Hz"},
    Monitor{"gaming", "DP", "27 inch, 2560x1440 at 144 and 60 Hz"},
    Monitor{"uhd", "HDMI-A", "27 inch, 3840x2160 at 60 Hz"},
    Monitor{"ultrawide", "DP", "34 inch, 3440x1440 at 60 Hz"},
    Monitor{"portrait", "DP", "24 inch, turned: 1200x1920 at 60 Hz"},
    Monitor{"projector", "HDMI-A", "1280x800 at 60 Hz, no size"},
    Monitor{"panel", "eDP", "a laptop's 14 inch, 1920x1200 at 60 Hz"},
    Monitor{"headset", "DP", "a head-mounted display (non-desktop), 2880x1600 at 90 Hz"},
};

/// "office  24 inch, 1920x1080 at 60 Hz", a line each, for a help text.
inline std::string monitor_lines() {
    std::string lines;
    for (const Monitor& monitor : monitors) {
        std::string name = monitor.name;
        name.resize(11, ' ');
        lines += "  " + name + monitor.what + "\n";
    }
    return lines;
}

}  // namespace plugboard::daemon
