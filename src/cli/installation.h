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

/// PATH with the folder at its end, unless it is in it already.
std::string with_folder(const std::string& path, const std::string& folder);

/// LD_PRELOAD's words without our shim, of whatever prefix.
std::string without_shim(const std::string& ld_preload);

}  // namespace plugboard::cli
