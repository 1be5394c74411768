// The function that a wrapper stands in front of: the next one in the process, usually libc's.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <string_view>

namespace plugboard::shim {

/// All functions that real() can give.
inline constexpr std::string_view real_names[] = {
    "__open64_2",
    "__open_2",
    "__openat64_2",
    "__openat_2",
    "access",
    "bind",
    "chdir",
    "chmod",
    "chown",
    "close",
    "closedir",
    "connect",
    "creat",
    "creat64",
    "dup2",
    "dup3",
    "eaccess",
    "epoll_ctl",
    "euidaccess",
    "execve",
    "execveat",
    "execvpe",
    "faccessat",
    "fchmodat",
    "fchownat",
    "fclose",
    "fdopendir",
    "fexecve",
    "fopen",
    "fopen64",
    "freopen",
    "freopen64",
    "fstat",
    "fstatat",
    "fstatfs",
    "get_current_dir_name",
    "getcwd",
    "getenv",
    "getsockname",
    "getsockopt",
    "getxattr",
    "glob",
    "inotify_add_watch",
    "ioctl",
    "lchown",
    "lgetxattr",
    "linkat",
    "listxattr",
    "llistxattr",
    "lseek",
    "lstat",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "mount",
    "open",
    "open64",
    "openat",
    "openat64",
    "opendir",
    "poll",
    "popen",
    "posix_spawn",
    "posix_spawnp",
    "ppoll",
    "pselect",
    "pwrite",
    "read",
    "readdir",
    "readlink",
    "readlinkat",
    "readv",
    "realpath",
    "recv",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "renameat",
    "renameat2",
    "rewinddir",
    "rmdir",
    "scandirat",
    "select",
    "send",
    "sendmsg",
    "sendto",
    "setsockopt",
    "socket",
    "stat",
    "statfs",
    "statvfs",
    "statx",
    "symlink",
    "symlinkat",
    "system",
    "truncate",
    "umount2",
    "unlink",
    "unlinkat",
    "utimensat",
    "utimes",
    "write",
    "writev",
};

/// A string as a template argument.
template <size_t Size>
struct SymbolName {
    char text[Size];
    // Implicit on purpose: it is written as a string literal.
    constexpr SymbolName(const char (&name)[Size]) {  // NOLINT(google-explicit-constructor)
        for (size_t i = 0; i < Size; i++) text[i] = name[i];
    }
};

constexpr size_t index_of_real(std::string_view name) {
    for (size_t i = 0; i < std::size(real_names); i++) {
        if (real_names[i] == name) return i;
    }
    return std::size(real_names);
}

// NOLINTNEXTLINE(bugprone-dynamic-static-initializers): 14 does not know constinit
extern constinit std::array<std::atomic<void*>, std::size(real_names)> real_functions;

/// Looks all of them up: the loader's lock is taken then and never again. RTLD_NEXT, so that other
/// preloads and sanitizers stay in the chain.
void find_real_functions();
/// The same for one, by a wrapper that runs before this library's constructor.
void* find_real_function(size_t index);

/// Null when nobody has it.
template <SymbolName name, class Function>
Function* real() {
    constexpr size_t index = index_of_real(name.text);
    static_assert(index < std::size(real_names), "not in real_names");
    void* function = real_functions[index].load(std::memory_order_relaxed);
    if (!function) function = find_real_function(index);
    return reinterpret_cast<Function*>(function);
}

}  // namespace plugboard::shim
