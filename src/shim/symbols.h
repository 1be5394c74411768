// What the wrappers around libc share. They are the only names that this library exports, a file
// for each family: symbols_*.cpp. Each decides whether a call is ours, and passes all others on.
// They may run before any constructor, in signal handlers and between vfork and exec: no
// allocation, no C++ runtime, no lock but shim/lock.h's.
#pragma once

#include <fcntl.h>

#include "shim/board.h"
#include "shim/paths.h"
#include "shim/real.h"
#include "shim/result.h"
#include "shim/syscalls.h"

namespace plugboard::shim {

/// Calls the real function with the path that `path` stands for.
template <SymbolName name, class Function, class... Rest>
auto call_with_path(const char* path, Follow follow, Rest... rest) {
    const Target target(AT_FDCWD, path, follow);
    return real<name, Function>()(target.path_or(path), rest...);
}

}  // namespace plugboard::shim
