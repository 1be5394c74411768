// Where the daemon and the shim are: beside this program, so that a prefix can be moved.
#pragma once

#include <string>

namespace plugboard::cli {

struct Installation {
    std::string command;  // <prefix>/bin/plugboard
    std::string daemon;   // <prefix>/libexec/plugboard-daemon
    std::string shim;     // <prefix>/<libdir>/plugboard/libplugboard-preload.so
};

/// Relative to /proc/self/exe; throws Failure (125) when a part is missing or cannot be preloaded.
Installation find_installation();

/// A folder of the board's, for PATH, in which is nothing but `plugboard`: the one that made it.
/// Throws Failure (125).
std::string link_command(const Installation& installation, const std::string& board);

/// LD_PRELOAD's words without our shim, of whatever prefix.
std::string without_shim(const std::string& ld_preload);

}  // namespace plugboard::cli
