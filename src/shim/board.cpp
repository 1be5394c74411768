#include "shim/board.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <new>

#include "shim/syscalls.h"

namespace plugboard::shim {
namespace {

/// Reads a variable of the environment that the process was started with: it may have cleaned its
/// own.
bool find_initial_variable(std::string_view name, Text<4096>& value) {
    const long fd = open_file("/proc/self/environ", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    char chunk[1024];
    size_t matched = 0;  // of "name=", at the start of an entry
    bool at_start = true, in_value = false, found = false;
    for (;;) {
        const long size = raw_syscall(SYS_read, static_cast<int>(fd), chunk, sizeof chunk);
        if (size <= 0 || found) break;
        for (long i = 0; i < size && !found; i++) {
            const char c = chunk[i];
            if (c == '\0') {
                found = in_value;
                at_start = true;
                matched = 0;
            } else if (in_value) {
                if (!value.append({&c, 1})) in_value = at_start = false;
            } else if (at_start && matched == name.size() && c == '=') {
                in_value = true;
            } else {
                at_start = at_start && matched < name.size() && c == name[matched];
                matched++;
            }
        }
    }
    close_fd(static_cast<int>(fd));
    return found;
}

bool find_variable(std::string_view name, Text<4096>& value) {
    for (char** entry = environ; entry && *entry; entry++) {
        const std::string_view text(*entry);
        if (text.starts_with(name) && text.substr(name.size()).starts_with('='))
            return value.append(text.substr(name.size() + 1));
    }
    return find_initial_variable(name, value);
}

/// The tree's root as the kernel names it, so that it can be told apart in links of /proc. False:
/// there is none.
bool find_root(Board& found) {
    Text<128> path;  // longer than that the socket's name could not be
    if (!path.append(found.directory.view()) || !path.append("/root")) return false;
    const long fd = open_file(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return found.root.append(path.view());  // a daemon that is gone
    Text<64> link;
    link.append("/proc/self/fd/");
    link.append_number(static_cast<uint64_t>(fd));
    const long size = read_link(link.c_str(), found.root.data(), found.root.capacity());
    const bool fits = size > 0 && static_cast<size_t>(size) < found.root.capacity();
    if (fits) found.root.resize(static_cast<size_t>(size));
    struct stat info;
    if (stat_fd(static_cast<int>(fd), info) >= 0) found.root_device = info.st_dev;
    close_fd(static_cast<int>(fd));
    return fits;
}

/// This library's path, if the loader got it from LD_PRELOAD: programs started from here need it
/// too.
void find_library(Board& found) {
    Text<4096> preload;
    Dl_info info;
    if (!find_variable(preload_variable, preload)) return;
    if (dladdr(reinterpret_cast<const void*>(&board), &info) == 0 || !info.dli_fname) return;
    if (preload.view().find(info.dli_fname) == std::string_view::npos) return;
    found.library.append(info.dli_fname);
}

/// What follows from the directory. False: it is none of a board.
bool fill(Board& found) {
    if (!found.directory.view().starts_with('/')) return false;
    if (!found.socket.append(found.directory.view()) || !found.socket.append("/shim")) return false;
    return find_root(found);
}

/// Null: there is no memory. Never freed: a call on any thread may have looked at it.
Board* make_board() {
    const long memory = raw_syscall(SYS_mmap, nullptr, sizeof(Board), PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0l);
    if (memory < 0 && memory > -4096) return nullptr;
    return new (reinterpret_cast<void*>(memory)) Board;
}

void discard(Board* unused) {
    raw_syscall(SYS_munmap, unused, sizeof(Board));
}

constinit std::atomic<Board*> found_board = nullptr;

}  // namespace

void find_board() {
    Board* mine = make_board();
    if (!mine) return;
    if (!find_variable(board_variable, mine->directory) || !fill(*mine)) return discard(mine);
    find_library(*mine);
    found_board.store(mine, std::memory_order_release);
}

bool enter_board(std::string_view directory, bool (*is_outside)()) {
    Board* mine = make_board();
    if (!mine) return false;
    if (!mine->directory.append(directory) || !fill(*mine)) {
        discard(mine);
        return false;
    }
    mine->is_outside = is_outside;
    found_board.store(mine, std::memory_order_release);
    return true;
}

Board* board() {
    Board* mine = found_board.load(std::memory_order_acquire);
    return mine && mine->is_outside && mine->is_outside() ? nullptr : mine;
}

}  // namespace plugboard::shim
