#include "shim/folders.h"

#include <atomic>
#include <cerrno>
#include <iterator>
#include <string_view>

#include "shim/board.h"
#include "shim/paths.h"
#include "shim/real.h"
#include "shim/syscalls.h"

namespace plugboard::shim {
namespace {

/// A stream on a folder of the tree, and the one on the host's folder of that name; or a stream
/// whose entries come in their kernel's order.
struct Joined {
    std::atomic<DIR*> own;  // null: free
    DIR* host;              // null: ordered
    size_t next;            // entry of an ordered one
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

/// What a vkms device of configfs holds, as configfs lists it. The tree's file system has an order
/// of its own.
constexpr std::string_view device_entries[] = {".",     "..",       "enabled",   "planes",
                                               "crtcs", "encoders", "connectors"};

bool is_configfs_device(std::string_view path) {
    constexpr std::string_view folder = "/sys/kernel/config/vkms/";
    return path.starts_with(folder) && path.find('/', folder.size()) == path.npos;
}

/// The path of a folder of the tree, as the client sees it; empty: it is none that needs care.
TreePath careful_path(DIR* folder) {
    const Board* mine = board();
    struct stat info;
    TreePath path;
    if (!mine || mine->root_device == 0) return path;
    if (stat_fd(dirfd(folder), info) < 0 || info.st_dev != mine->root_device) return path;
    path = link_of_fd(dirfd(folder));
    size_t size = path.size();
    const bool ours = strip_root(path.data(), size);
    path.resize(ours ? size : 0);
    if (!is_union_folder(path.view()) && !is_configfs_device(path.view())) path.clear();
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

/// Finds the next one from the start: there are few.
dirent* read_ordered(Joined& joined) {
    DIR* folder = joined.own.load();
    while (joined.next < std::size(device_entries)) {
        const std::string_view wanted = device_entries[joined.next++];
        real<"rewinddir", decltype(::rewinddir)>()(folder);
        while (dirent* entry = real<"readdir", decltype(::readdir)>()(folder))
            if (entry->d_name == wanted) return entry;
    }
    return nullptr;
}

}  // namespace

DIR* join_host(DIR* folder) {
    if (!folder) return nullptr;
    const int error = errno;
    const TreePath path = careful_path(folder);
    const bool is_ordered = is_configfs_device(path.view());
    DIR* host =
        path.empty() || is_ordered ? nullptr : real<"opendir", decltype(::opendir)>()(path.c_str());
    errno = error;
    if (!host && !is_ordered) return folder;
    for (Joined& joined : joined_folders) {
        DIR* none = nullptr;
        if (!joined.own.compare_exchange_strong(none, being_made)) continue;
        joined.host = host;
        joined.next = 0;
        joined_count++;
        joined.own.store(folder);
        return folder;
    }
    if (host) real<"closedir", decltype(::closedir)>()(host);
    return folder;
}

dirent* read_folder(DIR* folder) {
    const auto read_one = real<"readdir", decltype(::readdir)>();
    Joined* joined = find_joined(folder);
    if (!joined) return read_one(folder);
    if (!joined->host) return read_ordered(*joined);
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
    Joined* joined = find_joined(folder);
    if (!joined) return;
    joined->next = 0;
    if (joined->host) real<"rewinddir", decltype(::rewinddir)>()(joined->host);
}

void leave_host(DIR* folder) {
    Joined* joined = find_joined(folder);
    if (!joined) return;
    DIR* host = joined->host;
    joined->own.store(nullptr);
    joined_count--;
    if (host) real<"closedir", decltype(::closedir)>()(host);
}

}  // namespace plugboard::shim
