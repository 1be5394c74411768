// The seat for weston, which takes it from an inherited descriptor: WESTON_LAUNCHER_SOCK.
#pragma once

#include <string_view>

namespace plugboard::shim {

constexpr bool is_launcher_variable(const char* name) {
    return name && name[0] == 'W' && std::string_view(name) == "WESTON_LAUNCHER_SOCK";
}

/// When the program asks for the variable, whose value is `number`: makes that descriptor its own
/// connection to the board's seat, close-on-exec, unless it is open. So every weston of a run has
/// one of its own, wherever it was started. Keeps errno.
void open_launcher(const char* number);

}  // namespace plugboard::shim
