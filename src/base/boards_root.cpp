#include "base/boards_root.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <string_view>

namespace plugboard {
namespace {

bool is_own_directory(const char* path) {
    struct stat info {};
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid();
}

/// A board is 150 small files, made and removed with it: on a disk that takes several times as
/// long.
bool is_writable_memory(const char* path) {
    struct statfs info {};
    return statfs(path, &info) == 0 && info.f_type == TMPFS_MAGIC && access(path, W_OK | X_OK) == 0;
}

}  // namespace

std::string boards_root(const char* memory) {
    // NOLINTBEGIN(concurrency-mt-unsafe): as safe as the caller's own look at the environment
    const char* runtime = getenv("XDG_RUNTIME_DIR");
    // Inside a run it is the board's own (cli/compositor_environment.cpp): its neighbours are
    // meant.
    const char* board = getenv("PLUGBOARD_BOARD");
    // NOLINTEND(concurrency-mt-unsafe)
    if (runtime != nullptr && board != nullptr && runtime == fmt::format("{}/runtime", board))
        return std::string(std::string_view(board).substr(0, std::string_view(board).rfind('/')));
    if (runtime != nullptr && *runtime == '/' && is_own_directory(runtime))
        return fmt::format("{}/plugboard", runtime);
    return fmt::format("{}/plugboard-{}", is_writable_memory(memory) ? memory : "/tmp", geteuid());
}

}  // namespace plugboard
