#include "shim/folders.h"

#include <atomic>
#include <cerrno>
#include <string_view>

#include "shim/board.h"
#include "shim/paths.h"
#include "shim/real.h"
#include "shim/syscalls.h"

namespace plugboard::shim {
namespace {

/// A stream on a folder of the tree, and the one on the host's folder of that name.
struct Joined {
    std::atomic<DIR*> own;  // null: free
    DIR* host;
};
/// More than these at once list the board's entries alone.
constinit Joined joined_folders[64] = {};
constinit std::atomic<int> joined_count = 0;  // streams of other folders pay a glance at it

/// In Joined::own: taken, but not to be found yet.
DIR* const being_made = reinterpret_cast<DIR*>(1);

Joined* find_joined(DIR* folder) {
    if (joined_count.load() == 0) return nullptr;
    for (Joined& joined : joined_folders) {
        if (joined.own.load() == folder) return &joined;
    }
    return nullptr;
}

/// The path of a folder of the tree, as the client sees it; empty: it is none that is joined.
TreePath union_path(DIR* folder) {
    const Board* mine = board();
    struct stat info;
    TreePath path;
    if (!mine || mine->root_device == 0) return path;
    if (stat_fd(dirfd(folder), info) < 0 || info.st_dev != mine->root_device) return path;
    path = link_of_fd(dirfd(folder));
    size_t size = path.size();
    const bool ours = strip_root(path.data(), size);
    path.resize(ours ? size : 0);
    if (!is_union_folder(path.view())) path.clear();
    return path;
}

/// The board has it, or hides it.
bool is_the_boards(DIR* own, const char* name) {
    struct stat info;
    if (raw_syscall(SYS_newfstatat, dirfd(own), name, &info, AT_SYMLINK_NOFOLLOW) >= 0) return true;
    TreePath path = link_of_fd(dirfd(own));
    size_t size = path.size();
    if (!strip_root(path.data(), size)) return false;
    Lexical lexical;
    lexical.add({path.data(), size});
    lexical.add(name);
    return is_opaque(lexical);
}

}  // namespace

DIR* join_host(DIR* folder) {
    if (!folder) return nullptr;
    const int error = errno;
    const TreePath path = union_path(folder);
    DIR* host = path.empty() ? nullptr : real<"opendir", decltype(::opendir)>()(path.c_str());
    errno = error;
    if (!host) return folder;
    for (Joined& joined : joined_folders) {
        DIR* none = nullptr;
        if (!joined.own.compare_exchange_strong(none, being_made)) continue;
        joined.host = host;
        joined_count++;
        joined.own.store(folder);
        return folder;
    }
    real<"closedir", decltype(::closedir)>()(host);
    return folder;
}

dirent* read_folder(DIR* folder) {
    const auto read_one = real<"readdir", decltype(::readdir)>();
    const Joined* joined = find_joined(folder);
    if (!joined) return read_one(folder);
    const int error = errno;
    errno = 0;
    dirent* entry = read_one(folder);
    if (!entry && errno != 0) return nullptr;
    while (!entry) {
        entry = read_one(joined->host);
        if (!entry) {
            if (errno == 0) errno = error;
            return nullptr;
        }
        const std::string_view name(entry->d_name);
        if (name == "." || name == ".." || is_the_boards(folder, entry->d_name)) entry = nullptr;
    }
    errno = error;
    return entry;
}

void rewind_host(DIR* folder) {
    if (const Joined* joined = find_joined(folder))
        real<"rewinddir", decltype(::rewinddir)>()(joined->host);
}

void leave_host(DIR* folder) {
    Joined* joined = find_joined(folder);
    if (!joined) return;
    DIR* host = joined->host;
    joined->own.store(nullptr);
    joined_count--;
    real<"closedir", decltype(::closedir)>()(host);
}

}  // namespace plugboard::shim
