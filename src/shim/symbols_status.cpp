// Looking at files: stat(2), access(2), readlink(2) and their like. struct stat and struct stat64
// are one on 64-bit machines.
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "shim/descriptors.h"
#include "shim/open.h"
#include "shim/symbols.h"

namespace shim = plugboard::shim;
using shim::Follow;
using shim::real;

static_assert(sizeof(struct stat) == sizeof(struct stat64));
static_assert(sizeof(struct statfs) == sizeof(struct statfs64));
static_assert(sizeof(struct statvfs) == sizeof(struct statvfs64));

namespace {

/// A status that the real function has taken, of `dirfd` itself where there is no path.
template <class Status>
int corrected(int result, int dirfd, const char* path, int flags, Status& info) {
    if (result == 0 && (flags & AT_EMPTY_PATH) && path[0] == '\0')
        shim::correct_status(dirfd, info);
    return result;
}

char* real_path(const char* path, char* resolved) {
    const shim::Target target(AT_FDCWD, path);
    if (target.place() == shim::Place::Descriptor) {
        const auto node = shim::node_path(*target.node());
        return real_path(node.c_str(), resolved);
    }
    return shim::virtual_realpath(
        real<"realpath", decltype(::realpath)>()(target.path_or(path), resolved));
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int fstatat(int dirfd, const char* path, struct stat* info, int flags) noexcept {
    if (const auto result = shim::stat_here(dirfd, path, info, flags)) return *result;
    return corrected(real<"fstatat", decltype(::fstatat)>()(dirfd, path, info, flags), dirfd, path,
                     flags, *info);
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
    return corrected(real<"statx", decltype(::statx)>()(dirfd, path, flags, mask, info), dirfd,
                     path, flags, *info);
}

int access(const char* path, int mode) noexcept {
    return shim::call_with_path<"access", decltype(::access)>(path, Follow::Link, mode);
}

int eaccess(const char* path, int mode) noexcept {
    return shim::call_with_path<"eaccess", decltype(::eaccess)>(path, Follow::Link, mode);
}

int euidaccess(const char* path, int mode) noexcept {
    return shim::call_with_path<"euidaccess", decltype(::euidaccess)>(path, Follow::Link, mode);
}

int faccessat(int dirfd, const char* path, int mode, int flags) noexcept {
    const shim::Target target(dirfd, path);
    return real<"faccessat", decltype(::faccessat)>()(target.dirfd_or(dirfd), target.path_or(path),
                                                      mode, flags);
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
    return shim::call_with_path<"getxattr", decltype(::getxattr)>(path, Follow::Link, name, value,
                                                                  size);
}

ssize_t lgetxattr(const char* path, const char* name, void* value, size_t size) noexcept {
    return shim::call_with_path<"lgetxattr", decltype(::lgetxattr)>(path, Follow::NoLink, name,
                                                                    value, size);
}

ssize_t listxattr(const char* path, char* names, size_t size) noexcept {
    return shim::call_with_path<"listxattr", decltype(::listxattr)>(path, Follow::Link, names,
                                                                    size);
}

ssize_t llistxattr(const char* path, char* names, size_t size) noexcept {
    return shim::call_with_path<"llistxattr", decltype(::llistxattr)>(path, Follow::NoLink, names,
                                                                      size);
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

int statvfs(const char* path, struct statvfs* info) noexcept {
    return shim::call_with_path<"statvfs", decltype(::statvfs)>(path, Follow::Link, info);
}

int statvfs64(const char* path, struct statvfs64* info) noexcept {
    return statvfs(path, reinterpret_cast<struct statvfs*>(info));
}

}  // extern "C"
#pragma GCC visibility pop
