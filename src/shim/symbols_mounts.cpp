// Mounting: debugfs and configfs are there on a board, and the host's must not come to lie where a
// program has looked for the board's.
#include <sys/mount.h>

#include <string_view>

#include "shim/file_systems.h"
#include "shim/symbols.h"

namespace shim = plugboard::shim;
using shim::finish;
using shim::real;

namespace {

bool is_the_boards(const shim::Target& target) {
    if (target.place() != shim::Place::Tree) return false;
    const auto device = shim::file_system_of(target.virtual_path()).device;
    return device == shim::file_system_of("/sys/kernel/debug").device ||
           device == shim::file_system_of("/sys/kernel/config").device;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int mount(const char* source, const char* path, const char* type, unsigned long flags,
          const void* data) noexcept {
    const std::string_view wanted = type ? type : "";
    if ((wanted == "debugfs" || wanted == "configfs") &&
        is_the_boards(shim::Target(AT_FDCWD, path)))
        return 0;
    return real<"mount", decltype(::mount)>()(source, path, type, flags, data);
}

int umount2(const char* path, int flags) noexcept {
    if (is_the_boards(shim::Target(AT_FDCWD, path))) return finish(-EBUSY);
    return real<"umount2", decltype(::umount2)>()(path, flags);
}

int umount(const char* path) noexcept {
    return umount2(path, 0);
}

}  // extern "C"
#pragma GCC visibility pop
