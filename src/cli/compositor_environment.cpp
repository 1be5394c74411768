#include "cli/compositor_environment.h"

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <initializer_list>
#include <string_view>

namespace plugboard::cli {
namespace {

/// Where the shim puts the seat when weston asks for its descriptor: above those that shells look
/// at, below those that the shim keeps.
constexpr const char* launcher_descriptor = "400";

struct Choice {
    const char* name;
    const char* value;
};

/// Only where the caller has not chosen.
constexpr std::array choices = {
    // libseat would go on to logind, and to the machine's own seat, when ours refuses.
    Choice{"LIBSEAT_BACKEND", "seatd"},
    // For those who choose libseat's builtin backend: there is no VT.
    Choice{"SEATD_VTBOUND", "0"},
    // weston's weston_launch launcher; without the variable weston opens the card by itself.
    Choice{"WESTON_LAUNCHER_SOCK", launcher_descriptor},
    // wlroots waits for an input device otherwise, and gives up.
    Choice{"WLR_LIBINPUT_NO_DEVICES", "1"},
};

/// Of the session that the run was started in: a compositor would become its client, and look for
/// devices of its seat.
constexpr std::array foreign = {"DISPLAY",  "WAYLAND_DISPLAY", "WAYLAND_SOCKET",
                                "XDG_SEAT", "XDG_VTNR",        "XDG_SESSION_ID"};

bool has_any(const std::vector<std::string>& command,
             std::initializer_list<std::string_view> words) {
    return std::any_of(command.begin(), command.end(), [&](const std::string& argument) {
        return std::any_of(words.begin(), words.end(),
                           [&](std::string_view word) { return argument.starts_with(word); });
    });
}

}  // namespace

Environment compositor_environment(const std::string& directory) {
    Environment variables = {
        // Wayland clients look for wayland-0 there: they must not find the desktop's, nor that of
        // another run.
        {"XDG_RUNTIME_DIR", directory + "/runtime"},
        // Another seat could not open the board's cards.
        {"SEATD_SOCK", directory + "/seat"},
    };
    for (const Choice& choice : choices) {
        if (getenv(choice.name) == nullptr) variables.emplace_back(choice.name, choice.value);
    }
    for (const char* name : foreign) {
        if (getenv(name) != nullptr) variables.emplace_back(name, "");
    }
    return variables;
}

std::string compositor_hint(const std::vector<std::string>& command) {
    if (command.empty()) return {};
    const std::string name = std::filesystem::path(command.front()).filename();
    if (name == "weston" && !has_any(command, {"--continue-without-input", "--backend=headless"})) {
        return "weston ends when it finds no input devices: add --continue-without-input, or "
               "require-input=false to [core] of weston.ini";
    }
    if (name == "mutter" || name == "gnome-shell" || name == "kwin_wayland") {
        if (!has_any(command, {"--headless", "--nested", "--virtual"}))
            return name + " asks logind on the system bus for its card; a board has no logind";
    }
    return {};
}

}  // namespace plugboard::cli
