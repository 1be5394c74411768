#include "base/boards_root.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

namespace plugboard {
namespace {

bool is_own_directory(const char* path) {
    struct stat info {};
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid();
}

}  // namespace

std::string boards_root() {
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
    return fmt::format("/tmp/plugboard-{}", geteuid());
}

}  // namespace plugboard
