// The wrappers around libc: the only names that this library exports. Each decides whether a call
// is ours, and passes all others on. They may run before any constructor, in signal handlers and
// between vfork and exec: no allocation, no locks, no C++ runtime.
#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "shim/board.h"
#include "shim/channels.h"
#include "shim/descriptors.h"
#include "shim/environment.h"
#include "shim/forward.h"
#include "shim/open.h"
#include "shim/paths.h"
#include "shim/real.h"
#include "shim/syscalls.h"

namespace shim = plugboard::shim;
using shim::real;

namespace {

/// A raw result as libc gives it.
template <class Result = int>
Result finish(long result) {
    if (result >= 0) return static_cast<Result>(result);
    errno = static_cast<int>(-result);
    return static_cast<Result>(-1);
}

bool needs_mode(int flags) {
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

/// A read that ended without bytes: the end of a DRM file is the device's.
ssize_t check_end(int fd, ssize_t result) {
    if (result > 0 || (result < 0 && errno != ECONNRESET) || !shim::board()) return result;
    const int error = errno;
    if (!shim::find_node(fd)) {
        errno = error;
        return result;
    }
    errno = ENODEV;
    return -1;
}

/// Sizes that a plain read serves as drm_read() would: whole events.
bool reads_whole_events(size_t size) {
    return size != 0 && size % 32 == 0;
}

/// Each segment as a read or write of its own, as the kernel does for files without a vector call.
template <class Transfer>
ssize_t transfer_segments(const iovec* parts, int count, Transfer transfer) {
    ssize_t total = 0;
    for (int i = 0; i < count; i++) {
        const long done = transfer(parts[i].iov_base, parts[i].iov_len);
        if (done < 0) return total > 0 ? total : finish<ssize_t>(done);
        total += done;
        if (static_cast<size_t>(done) != parts[i].iov_len) break;
    }
    return total;
}

/// The path to hand to a real function that takes one.
const char* path_for(const shim::Target& target, const char* path) {
    return target.is_elsewhere() ? target.path() : path;
}

char* real_path(const char* path, char* resolved) {
    const shim::Target target(AT_FDCWD, path);
    if (target.place() == shim::Place::Descriptor) {
        const auto node = shim::node_path(*target.node());
        return real_path(node.c_str(), resolved);
    }
    return shim::virtual_realpath(
        real<"realpath", decltype(::realpath)>()(path_for(target, path), resolved));
}

/// Closes [first, last] but for the shim's own channels.
int close_around_channels(unsigned first, unsigned last, int flags) {
    const auto close_real = [flags](unsigned from, unsigned to) {
        return finish(shim::raw_syscall(SYS_close_range, from, to, static_cast<unsigned>(flags)));
    };
    while (first <= last) {
        const int own = first > INT32_MAX ? -1 : shim::next_own_channel(static_cast<int>(first));
        if (own < 0 || static_cast<unsigned>(own) > last) return close_real(first, last);
        if (static_cast<unsigned>(own) > first) {
            if (const int result = close_real(first, static_cast<unsigned>(own) - 1); result < 0)
                return result;
        }
        first = static_cast<unsigned>(own) + 1;
    }
    return 0;
}

/// Arguments of execl() and the like up to the null that ends them, which the list is past then.
size_t count_arguments(const char* first, va_list* rest) {
    size_t count = 1;
    for (const char* argument = first; argument; argument = va_arg(*rest, const char*)) count++;
    return count;
}

void collect_arguments(char** to, const char* first, va_list* rest) {
    for (const char* argument = first; argument; argument = va_arg(*rest, const char*))
        *to++ = const_cast<char*>(argument);
    *to = nullptr;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

// Opening.

int open(const char* path, int flags, ...) {
    mode_t mode = 0;
    if (needs_mode(flags)) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    if (const auto fd = shim::open_here(AT_FDCWD, path, flags, mode)) return *fd;
    return real<"open", decltype(::open)>()(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    mode_t mode = 0;
    if (needs_mode(flags)) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    if (const auto fd = shim::open_here(AT_FDCWD, path, flags, mode)) return *fd;
    return real<"open64", decltype(::open64)>()(path, flags, mode);
}

int openat(int dirfd, const char* path, int flags, ...) {
    mode_t mode = 0;
    if (needs_mode(flags)) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    if (const auto fd = shim::open_here(dirfd, path, flags, mode)) return *fd;
    return real<"openat", decltype(::openat)>()(dirfd, path, flags, mode);
}

int openat64(int dirfd, const char* path, int flags, ...) {
    mode_t mode = 0;
    if (needs_mode(flags)) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    if (const auto fd = shim::open_here(dirfd, path, flags, mode)) return *fd;
    return real<"openat64", decltype(::openat64)>()(dirfd, path, flags, mode);
}

int __open_2(const char* path, int flags) {
    if (const auto fd = shim::open_here(AT_FDCWD, path, flags, 0)) return *fd;
    return real<"__open_2", int(const char*, int)>()(path, flags);
}

int __open64_2(const char* path, int flags) {
    if (const auto fd = shim::open_here(AT_FDCWD, path, flags, 0)) return *fd;
    return real<"__open64_2", int(const char*, int)>()(path, flags);
}

int __openat_2(int dirfd, const char* path, int flags) {
    if (const auto fd = shim::open_here(dirfd, path, flags, 0)) return *fd;
    return real<"__openat_2", int(int, const char*, int)>()(dirfd, path, flags);
}

int __openat64_2(int dirfd, const char* path, int flags) {
    if (const auto fd = shim::open_here(dirfd, path, flags, 0)) return *fd;
    return real<"__openat64_2", int(int, const char*, int)>()(dirfd, path, flags);
}

int creat(const char* path, mode_t mode) {
    const int flags = O_CREAT | O_WRONLY | O_TRUNC;
    if (const auto fd = shim::open_here(AT_FDCWD, path, flags, mode)) return *fd;
    return real<"creat", decltype(::creat)>()(path, mode);
}

int creat64(const char* path, mode_t mode) {
    const int flags = O_CREAT | O_WRONLY | O_TRUNC;
    if (const auto fd = shim::open_here(AT_FDCWD, path, flags, mode)) return *fd;
    return real<"creat64", decltype(::creat64)>()(path, mode);
}

FILE* fopen(const char* path, const char* mode) {
    if (const auto stream = shim::fopen_here(path, mode)) return *stream;
    return real<"fopen", decltype(::fopen)>()(path, mode);
}

FILE* fopen64(const char* path, const char* mode) {
    if (const auto stream = shim::fopen_here(path, mode)) return *stream;
    return real<"fopen64", decltype(::fopen64)>()(path, mode);
}

FILE* freopen(const char* path, const char* mode, FILE* stream) {
    const shim::Target target(AT_FDCWD, path);
    return real<"freopen", decltype(::freopen)>()(path_for(target, path), mode, stream);
}

FILE* freopen64(const char* path, const char* mode, FILE* stream) {
    const shim::Target target(AT_FDCWD, path);
    return real<"freopen64", decltype(::freopen64)>()(path_for(target, path), mode, stream);
}

DIR* opendir(const char* path) {
    const shim::Target target(AT_FDCWD, path);
    return real<"opendir", decltype(::opendir)>()(path_for(target, path));
}

int scandir(const char* path, struct dirent*** names, int (*filter)(const struct dirent*),
            int (*compare)(const struct dirent**, const struct dirent**)) {
    const shim::Target target(AT_FDCWD, path);
    return real<"scandir", decltype(::scandir)>()(path_for(target, path), names, filter, compare);
}

int scandir64(const char* path, struct dirent64*** names, int (*filter)(const struct dirent64*),
              int (*compare)(const struct dirent64**, const struct dirent64**)) {
    const shim::Target target(AT_FDCWD, path);
    return real<"scandir64", decltype(::scandir64)>()(path_for(target, path), names, filter,
                                                      compare);
}

// Looking. struct stat and struct stat64 are one on 64-bit machines.

static_assert(sizeof(struct stat) == sizeof(struct stat64));
static_assert(sizeof(struct statfs) == sizeof(struct statfs64));

int fstatat(int dirfd, const char* path, struct stat* info, int flags) noexcept {
    if (const auto result = shim::stat_here(dirfd, path, info, flags)) return *result;
    const int result = real<"fstatat", decltype(::fstatat)>()(dirfd, path, info, flags);
    if (result == 0 && (flags & AT_EMPTY_PATH) && path[0] == '\0')
        shim::correct_status(dirfd, *info);
    return result;
}

int fstatat64(int dirfd, const char* path, struct stat64* info, int flags) noexcept {
    return fstatat(dirfd, path, reinterpret_cast<struct stat*>(info), flags);
}

int stat(const char* path, struct stat* info) noexcept {
    if (const auto result = shim::stat_here(AT_FDCWD, path, info, 0)) return *result;
    return real<"stat", decltype(::stat)>()(path, info);
}

int stat64(const char* path, struct stat64* info) noexcept {
    return stat(path, reinterpret_cast<struct stat*>(info));
}

int lstat(const char* path, struct stat* info) noexcept {
    if (const auto result = shim::stat_here(AT_FDCWD, path, info, AT_SYMLINK_NOFOLLOW))
        return *result;
    return real<"lstat", decltype(::lstat)>()(path, info);
}

int lstat64(const char* path, struct stat64* info) noexcept {
    return lstat(path, reinterpret_cast<struct stat*>(info));
}

int fstat(int fd, struct stat* info) noexcept {
    const int result = real<"fstat", decltype(::fstat)>()(fd, info);
    if (result == 0) shim::correct_status(fd, *info);
    return result;
}

int fstat64(int fd, struct stat64* info) noexcept {
    return fstat(fd, reinterpret_cast<struct stat*>(info));
}

// What programs linked before glibc 2.33 call. The version is always the one of 64-bit machines.

int __xstat(int, const char* path, struct stat* info) {
    return stat(path, info);
}
int __xstat64(int, const char* path, struct stat64* info) {
    return stat64(path, info);
}
int __lxstat(int, const char* path, struct stat* info) {
    return lstat(path, info);
}
int __lxstat64(int, const char* path, struct stat64* info) {
    return lstat64(path, info);
}
int __fxstat(int, int fd, struct stat* info) {
    return fstat(fd, info);
}
int __fxstat64(int, int fd, struct stat64* info) {
    return fstat64(fd, info);
}
int __fxstatat(int, int dirfd, const char* path, struct stat* info, int flags) {
    return fstatat(dirfd, path, info, flags);
}
int __fxstatat64(int, int dirfd, const char* path, struct stat64* info, int flags) {
    return fstatat64(dirfd, path, info, flags);
}

int statx(int dirfd, const char* path, int flags, unsigned mask, struct statx* info) noexcept {
    if (const auto result = shim::statx_here(dirfd, path, flags, mask, info)) return *result;
    const int result = real<"statx", decltype(::statx)>()(dirfd, path, flags, mask, info);
    if (result == 0 && (flags & AT_EMPTY_PATH) && path[0] == '\0')
        shim::correct_status(dirfd, *info);
    return result;
}

int access(const char* path, int mode) noexcept {
    const shim::Target target(AT_FDCWD, path);
    return real<"access", decltype(::access)>()(path_for(target, path), mode);
}

int eaccess(const char* path, int mode) noexcept {
    const shim::Target target(AT_FDCWD, path);
    return real<"eaccess", decltype(::eaccess)>()(path_for(target, path), mode);
}

int euidaccess(const char* path, int mode) noexcept {
    const shim::Target target(AT_FDCWD, path);
    return real<"euidaccess", decltype(::euidaccess)>()(path_for(target, path), mode);
}

int faccessat(int dirfd, const char* path, int mode, int flags) noexcept {
    const shim::Target target(dirfd, path);
    return real<"faccessat", decltype(::faccessat)>()(dirfd, path_for(target, path), mode, flags);
}

ssize_t readlinkat(int dirfd, const char* path, char* text, size_t size) noexcept {
    if (const auto result = shim::readlink_here(dirfd, path, text, size)) return *result;
    const ssize_t count = real<"readlinkat", decltype(::readlinkat)>()(dirfd, path, text, size);
    return shim::correct_link(dirfd, path, text, size, count);
}

ssize_t readlink(const char* path, char* text, size_t size) noexcept {
    if (const auto result = shim::readlink_here(AT_FDCWD, path, text, size)) return *result;
    const ssize_t count = real<"readlink", decltype(::readlink)>()(path, text, size);
    return shim::correct_link(AT_FDCWD, path, text, size, count);
}

ssize_t __readlink_chk(const char* path, char* text, size_t size, size_t room) {
    if (size > room) abort();
    return readlink(path, text, size);
}

ssize_t __readlinkat_chk(int dirfd, const char* path, char* text, size_t size, size_t room) {
    if (size > room) abort();
    return readlinkat(dirfd, path, text, size);
}

char* realpath(const char* path, char* resolved) noexcept {
    return real_path(path, resolved);
}

char* __realpath_chk(const char* path, char* resolved, size_t room) {
    if (resolved && room < PATH_MAX) abort();
    return real_path(path, resolved);
}

char* canonicalize_file_name(const char* path) noexcept {
    return real_path(path, nullptr);
}

ssize_t getxattr(const char* path, const char* name, void* value, size_t size) noexcept {
    const shim::Target target(AT_FDCWD, path);
    return real<"getxattr", decltype(::getxattr)>()(path_for(target, path), name, value, size);
}

ssize_t lgetxattr(const char* path, const char* name, void* value, size_t size) noexcept {
    const shim::Target target(AT_FDCWD, path, shim::Follow::NoLink);
    return real<"lgetxattr", decltype(::lgetxattr)>()(path_for(target, path), name, value, size);
}

ssize_t listxattr(const char* path, char* names, size_t size) noexcept {
    const shim::Target target(AT_FDCWD, path);
    return real<"listxattr", decltype(::listxattr)>()(path_for(target, path), names, size);
}

ssize_t llistxattr(const char* path, char* names, size_t size) noexcept {
    const shim::Target target(AT_FDCWD, path, shim::Follow::NoLink);
    return real<"llistxattr", decltype(::llistxattr)>()(path_for(target, path), names, size);
}

int statfs(const char* path, struct statfs* info) noexcept {
    if (const auto result = shim::statfs_here(path, info)) return *result;
    return real<"statfs", decltype(::statfs)>()(path, info);
}

int statfs64(const char* path, struct statfs64* info) noexcept {
    return statfs(path, reinterpret_cast<struct statfs*>(info));
}

int fstatfs(int fd, struct statfs* info) noexcept {
    const int result = real<"fstatfs", decltype(::fstatfs)>()(fd, info);
    if (result == 0 && shim::board()) shim::correct_file_system(fd, *info);
    return result;
}

int fstatfs64(int fd, struct statfs64* info) noexcept {
    return fstatfs(fd, reinterpret_cast<struct statfs*>(info));
}

// Descriptors of DRM files and their like.

int ioctl(int fd, unsigned long command, ...) noexcept {
    va_list rest;
    va_start(rest, command);
    void* argument = va_arg(rest, void*);
    va_end(rest);
    if (shim::may_be_ours(command)) {
        if (const auto label = shim::find_label(fd))
            return finish(
                shim::forward_ioctl(fd, *label, static_cast<uint32_t>(command), argument));
    }
    return real<"ioctl", decltype(::ioctl)>()(fd, command, argument);
}

void* mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset) noexcept {
    if (fd >= 0 && !(flags & MAP_ANONYMOUS)) {
        const auto label = shim::find_label(fd);
        if (label && label->kind == plugboard::FdKind::Card) {
            const long mapped =
                shim::forward_mmap(fd, *label, address, length, protection, flags, offset);
            if (mapped >= 0 || mapped < -4095) return reinterpret_cast<void*>(mapped);
            errno = static_cast<int>(-mapped);
            return MAP_FAILED;
        }
    }
    // Not through the next wrapper: allocators map memory before a symbol can be looked up.
    const long mapped = shim::raw_syscall(SYS_mmap, address, length, protection, flags, fd, offset);
    if (mapped >= 0 || mapped < -4095) return reinterpret_cast<void*>(mapped);
    errno = static_cast<int>(-mapped);
    return MAP_FAILED;
}

void* mmap64(void* address, size_t length, int protection, int flags, int fd,
             off64_t offset) noexcept {
    return mmap(address, length, protection, flags, fd, offset);
}

ssize_t read(int fd, void* to, size_t size) {
    if (!reads_whole_events(size) && shim::find_node(fd))
        return finish<ssize_t>(shim::read_events(fd, to, size));
    return check_end(fd, real<"read", decltype(::read)>()(fd, to, size));
}

ssize_t __read_chk(int fd, void* to, size_t size, size_t room) {
    if (size > room) abort();
    return read(fd, to, size);
}

ssize_t readv(int fd, const iovec* parts, int count) {
    if (count > 0 && shim::find_node(fd))
        return transfer_segments(
            parts, count, [fd](void* to, size_t size) { return shim::read_events(fd, to, size); });
    return real<"readv", decltype(::readv)>()(fd, parts, count);
}

ssize_t write(int fd, const void* bytes, size_t size) {
    if (const auto label = shim::find_label(fd))
        return finish<ssize_t>(shim::forward_write(fd, *label, bytes, size));
    return real<"write", decltype(::write)>()(fd, bytes, size);
}

ssize_t writev(int fd, const iovec* parts, int count) {
    if (const auto label = shim::find_label(fd))
        return transfer_segments(parts, count, [&](const void* bytes, size_t size) {
            return shim::forward_write(fd, *label, bytes, size);
        });
    return real<"writev", decltype(::writev)>()(fd, parts, count);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
    if (const auto label = shim::find_label(fd))
        return finish<ssize_t>(shim::forward_write(fd, *label, bytes, size));
    return real<"pwrite", decltype(::pwrite)>()(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
    return pwrite(fd, bytes, size, offset);
}

// Linux: noop_llseek. Only a socket fails with ESPIPE, so others never pay for the look.
off_t lseek(int fd, off_t offset, int whence) noexcept {
    const off_t position = real<"lseek", decltype(::lseek)>()(fd, offset, whence);
    if (position < 0 && errno == ESPIPE && shim::find_node(fd)) return 0;
    return position;
}

off64_t lseek64(int fd, off64_t offset, int whence) noexcept {
    return lseek(fd, offset, whence);
}

// The shim's own descriptors, which applications close with all they do not know.

int close(int fd) {
    if (shim::is_own_channel(fd)) return finish(-EBADF);
    return real<"close", decltype(::close)>()(fd);
}

int dup2(int from, int to) noexcept {
    if (shim::is_own_channel(from)) return finish(-EBADF);
    if (from != to) shim::move_own_channel(to);
    return real<"dup2", decltype(::dup2)>()(from, to);
}

int dup3(int from, int to, int flags) noexcept {
    if (shim::is_own_channel(from)) return finish(-EBADF);
    if (from != to) shim::move_own_channel(to);
    return real<"dup3", decltype(::dup3)>()(from, to, flags);
}

int close_range(unsigned first, unsigned last, int flags) noexcept {
    if ((flags & static_cast<int>(CLOSE_RANGE_CLOEXEC)) || first > last || !shim::board())
        return finish(
            shim::raw_syscall(SYS_close_range, first, last, static_cast<unsigned>(flags)));
    return close_around_channels(first, last, flags);
}

void closefrom(int lowest) noexcept {
    close_around_channels(lowest < 0 ? 0 : static_cast<unsigned>(lowest), ~0u, 0);
}

// Starting programs.

int execve(const char* path, char* const* arguments, char* const* entries) noexcept {
    const size_t room = shim::Environment::room_for(entries) * sizeof(char*);
    const shim::Environment environment(entries, static_cast<char**>(__builtin_alloca(room)));
    return real<"execve", decltype(::execve)>()(path, arguments, environment.get());
}

int execv(const char* path, char* const* arguments) noexcept {
    return execve(path, arguments, environ);
}

int execvpe(const char* file, char* const* arguments, char* const* entries) noexcept {
    const size_t room = shim::Environment::room_for(entries) * sizeof(char*);
    const shim::Environment environment(entries, static_cast<char**>(__builtin_alloca(room)));
    return real<"execvpe", decltype(::execvpe)>()(file, arguments, environment.get());
}

int execvp(const char* file, char* const* arguments) noexcept {
    return execvpe(file, arguments, environ);
}

int fexecve(int fd, char* const* arguments, char* const* entries) noexcept {
    const size_t room = shim::Environment::room_for(entries) * sizeof(char*);
    const shim::Environment environment(entries, static_cast<char**>(__builtin_alloca(room)));
    return real<"fexecve", decltype(::fexecve)>()(fd, arguments, environment.get());
}

int execveat(int dirfd, const char* path, char* const* arguments, char* const* entries,
             int flags) noexcept {
    const size_t room = shim::Environment::room_for(entries) * sizeof(char*);
    const shim::Environment environment(entries, static_cast<char**>(__builtin_alloca(room)));
    return real<"execveat", decltype(::execveat)>()(dirfd, path, arguments, environment.get(),
                                                    flags);
}

int execl(const char* path, const char* first, ...) noexcept {
    va_list rest;
    va_start(rest, first);
    const size_t count = count_arguments(first, &rest);
    va_end(rest);
    auto** arguments = static_cast<char**>(__builtin_alloca(count * sizeof(char*)));
    va_start(rest, first);
    collect_arguments(arguments, first, &rest);
    va_end(rest);
    return execve(path, arguments, environ);
}

int execlp(const char* file, const char* first, ...) noexcept {
    va_list rest;
    va_start(rest, first);
    const size_t count = count_arguments(first, &rest);
    va_end(rest);
    auto** arguments = static_cast<char**>(__builtin_alloca(count * sizeof(char*)));
    va_start(rest, first);
    collect_arguments(arguments, first, &rest);
    va_end(rest);
    return execvpe(file, arguments, environ);
}

int execle(const char* path, const char* first, ...) noexcept {
    va_list rest;
    va_start(rest, first);
    const size_t count = count_arguments(first, &rest);
    va_end(rest);
    auto** arguments = static_cast<char**>(__builtin_alloca(count * sizeof(char*)));
    va_start(rest, first);
    collect_arguments(arguments, first, &rest);
    char* const* entries = va_arg(rest, char* const*);
    va_end(rest);
    return execve(path, arguments, entries);
}

int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const* arguments, char* const* entries) {
    const size_t room = shim::Environment::room_for(entries) * sizeof(char*);
    const shim::Environment environment(entries, static_cast<char**>(__builtin_alloca(room)));
    return real<"posix_spawn", decltype(::posix_spawn)>()(pid, path, actions, attributes, arguments,
                                                          environment.get());
}

int posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                 const posix_spawnattr_t* attributes, char* const* arguments,
                 char* const* entries) {
    const size_t room = shim::Environment::room_for(entries) * sizeof(char*);
    const shim::Environment environment(entries, static_cast<char**>(__builtin_alloca(room)));
    return real<"posix_spawnp", decltype(::posix_spawnp)>()(pid, file, actions, attributes,
                                                            arguments, environment.get());
}

}  // extern "C"
#pragma GCC visibility pop
