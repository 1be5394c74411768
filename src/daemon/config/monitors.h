// Monitors that a screen can be called after: `-s DP-1=office`.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace plugboard::daemon {

/// What people choose by. The EDID is in monitor_edids.cpp.
struct Monitor {
    const char* name;
    const char* connector;  // the type it is plugged into when nobody says another
    const char* what;
};

inline constexpr std::array monitors{
    Monitor{"office", "HDMI-A", "24 inch, 1920x1080 at 60 Hz"},
    Monitor{"gaming", "DP", "27 inch, 2560x1440 at 144 and 60 Hz, variable rate"},
    Monitor{"hdr", "DP", "32 inch, 3840x2160 at 144 and 60 Hz, 10 bits, HDR, variable rate"},
    Monitor{"uhd", "HDMI-A", "27 inch, 3840x2160 at 60 Hz"},
    Monitor{"ultrawide", "DP", "34 inch, 3440x1440 at 60 Hz"},
    Monitor{"portrait", "DP", "24 inch, turned: 1200x1920 at 60 Hz"},
    Monitor{"projector", "HDMI-A", "1280x800 at 60 Hz, no size"},
    Monitor{"panel", "eDP", "a laptop's 14 inch, 1920x1200 at 60 Hz"},
    Monitor{"tiled-5k-left", "DP", "27 inch, half of 5120x2880 at 60 Hz: 2560x2880"},
    Monitor{"tiled-5k-right", "DP", "the other half, at another connector: 2560x2880"},
    Monitor{"broken", "HDMI-A", "an EDID with a wrong checksum and timings of nonsense: 1024x768"},
    Monitor{"headset", "DP", "a head-mounted display (non-desktop), 2880x1600 at 90 Hz"},
};

/// "office  24 inch, 1920x1080 at 60 Hz", a line each, for a help text.
inline std::string monitor_lines() {
    std::string lines;
    for (const Monitor& monitor : monitors) {
        std::string name = monitor.name;
        name.resize(16, ' ');
        lines += "  " + name + monitor.what + "\n";
    }
    return lines;
}

}  // namespace plugboard::daemon
