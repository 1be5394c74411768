// The few system calls that the shim makes for itself. Each gives minus the errno on failure.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "base/raw_syscall.h"

namespace plugboard::shim {

inline long close_fd(int fd) {
    return raw_syscall(SYS_close, fd);
}
inline long open_file(const char* path, int flags) {
    return raw_syscall(SYS_openat, AT_FDCWD, path, flags, 0);
}
inline long stat_file(const char* path, struct stat& info) {
    return raw_syscall(SYS_newfstatat, AT_FDCWD, path, &info, 0);
}
inline long stat_fd(int fd, struct stat& info) {
    return raw_syscall(SYS_fstat, fd, &info);
}
inline long read_link(const char* path, char* text, size_t size) {
    return raw_syscall(SYS_readlinkat, AT_FDCWD, path, text, size);
}
/// Out of the way of applications that count on low numbers. Close-on-exec; the new number.
inline int move_high(int fd) {
    rlimit limit{};
    raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &limit);
    const int lowest = limit.rlim_cur > 1024 ? 512 : static_cast<int>(limit.rlim_cur / 2);
    const long moved = raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest);
    if (moved < 0) return fd;
    close_fd(fd);
    return static_cast<int>(moved);
}
inline int process_id() {
    return static_cast<int>(raw_syscall(SYS_getpid));
}
inline int thread_id() {
    return static_cast<int>(raw_syscall(SYS_gettid));
}

/// SO_COOKIE; 0 when it is no socket.
inline uint64_t cookie_of(int fd) {
    uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    if (raw_syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) < 0) return 0;
    return cookie;
}

/// Copies as much of user memory as is there; how much.
inline size_t copy_readable(const void* address, void* to, size_t size) {
    const iovec local{to, size};
    const iovec remote{const_cast<void*>(address), size};
    const long copied =
        raw_syscall(SYS_process_vm_readv, process_id(), &local, 1ul, &remote, 1ul, 0ul);
    return copied < 0 ? 0 : static_cast<size_t>(copied);
}
/// Copies user memory that may not be there. False: not all of it could be read.
inline bool copy_from(const void* address, void* to, size_t size) {
    return copy_readable(address, to, size) == size;
}

}  // namespace plugboard::shim
