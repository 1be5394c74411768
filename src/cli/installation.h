// Where the daemon and the shim are: beside this program, so that a prefix can be moved.
#pragma once

#include <string>

namespace plugboard::cli {

struct Installation {
    std::string commands;  // <prefix>/bin
    std::string daemon;    // <prefix>/libexec/plugboard-daemon
    std::string shim;      // <prefix>/<libdir>/plugboard/libplugboard-preload.so
};

/// Relative to /proc/self/exe; throws Failure (125) when a part is missing or cannot be preloaded.
Installation find_installation();

/// PATH, so that `plugboard` means the one in the folder: which is added at the end if no other is
/// found, else in front.
std::string path_to_command(const std::string& path, const std::string& folder);

/// LD_PRELOAD's words without our shim, of whatever prefix.
std::string without_shim(const std::string& ld_preload);

}  // namespace plugboard::cli
