// Making, removing and changing files: what the board shows is changed by its devices alone. Linux:
// sysfs, to all; devtmpfs, to a user.
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "shim/symbols.h"

namespace shim = plugboard::shim;
using shim::finish;
using shim::Follow;
using shim::Place;
using shim::real;
using shim::Target;

namespace {

/// A name that is to be made.
long refuse_to_make(const Target& target) {
    return target.place() == Place::Tree ? -EEXIST : -EACCES;
}

/// A name that is to go, or a file whose content is to change.
long refuse_to_change(const Target& target) {
    return target.place() == Place::Tree ? -EACCES : -ENOENT;
}

/// Mode and owner: nodes have their own, as on any devtmpfs.
long refuse_attributes(const Target& target) {
    return target.place() == Place::Tree ? -EPERM : -ENOENT;
}

template <shim::SymbolName name, class Function, class... Rest>
int make(const char* path, Rest... rest) {
    const Target target(AT_FDCWD, path, Follow::NoLink);
    if (target.is_ours()) return finish(refuse_to_make(target));
    return real<name, Function>()(target.path_or(path), rest...);
}

template <shim::SymbolName name, class Function, class... Rest>
int make_at(int dirfd, const char* path, Rest... rest) {
    const Target target(dirfd, path, Follow::NoLink);
    if (target.is_ours()) return finish(refuse_to_make(target));
    return real<name, Function>()(target.dirfd_or(dirfd), target.path_or(path), rest...);
}

template <shim::SymbolName name, class Function, class... Rest>
int change(const char* path, Rest... rest) {
    const Target target(AT_FDCWD, path);
    if (target.is_ours()) return finish(refuse_to_change(target));
    return real<name, Function>()(target.path_or(path), rest...);
}

template <shim::SymbolName name, class Function, class... Rest>
int change_attributes(const char* path, Rest... rest) {
    const Target target(AT_FDCWD, path);
    if (target.is_ours() && !target.node()) return finish(refuse_attributes(target));
    return real<name, Function>()(target.path_or(path), rest...);
}

template <shim::SymbolName name, class Function, class... Rest>
int change_attributes_at(int dirfd, const char* path, Rest... rest) {
    const Target target(dirfd, path);
    if (target.is_ours() && !target.node()) return finish(refuse_attributes(target));
    return real<name, Function>()(target.dirfd_or(dirfd), target.path_or(path), rest...);
}

template <shim::SymbolName name, class Function, class... Rest>
int move(int from_dirfd, const char* from, int to_dirfd, const char* to, Rest... rest) {
    const Target source(from_dirfd, from, Follow::NoLink);
    if (source.is_ours()) return finish(refuse_to_change(source));
    const Target target(to_dirfd, to, Follow::NoLink);
    if (target.is_ours()) return finish(-EACCES);
    return real<name, Function>()(source.dirfd_or(from_dirfd), source.path_or(from),
                                  target.dirfd_or(to_dirfd), target.path_or(to), rest...);
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int mkdir(const char* path, mode_t mode) noexcept {
    return make<"mkdir", decltype(::mkdir)>(path, mode);
}

int mkdirat(int dirfd, const char* path, mode_t mode) noexcept {
    return make_at<"mkdirat", decltype(::mkdirat)>(dirfd, path, mode);
}

int mknod(const char* path, mode_t mode, dev_t device) noexcept {
    return make<"mknod", decltype(::mknod)>(path, mode, device);
}

int mknodat(int dirfd, const char* path, mode_t mode, dev_t device) noexcept {
    return make_at<"mknodat", decltype(::mknodat)>(dirfd, path, mode, device);
}

int symlink(const char* text, const char* path) noexcept {
    const Target target(AT_FDCWD, path, Follow::NoLink);
    if (target.is_ours()) return finish(refuse_to_make(target));
    return real<"symlink", decltype(::symlink)>()(text, target.path_or(path));
}

int symlinkat(const char* text, int dirfd, const char* path) noexcept {
    const Target target(dirfd, path, Follow::NoLink);
    if (target.is_ours()) return finish(refuse_to_make(target));
    return real<"symlinkat", decltype(::symlinkat)>()(text, target.dirfd_or(dirfd),
                                                      target.path_or(path));
}

int link(const char* from, const char* to) noexcept {
    return move<"linkat", decltype(::linkat)>(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int linkat(int from_dirfd, const char* from, int to_dirfd, const char* to, int flags) noexcept {
    return move<"linkat", decltype(::linkat)>(from_dirfd, from, to_dirfd, to, flags);
}

int rename(const char* from, const char* to) noexcept {
    return move<"renameat", decltype(::renameat)>(AT_FDCWD, from, AT_FDCWD, to);
}

int renameat(int from_dirfd, const char* from, int to_dirfd, const char* to) noexcept {
    return move<"renameat", decltype(::renameat)>(from_dirfd, from, to_dirfd, to);
}

int renameat2(int from_dirfd, const char* from, int to_dirfd, const char* to,
              unsigned flags) noexcept {
    return move<"renameat2", decltype(::renameat2)>(from_dirfd, from, to_dirfd, to, flags);
}

int unlink(const char* path) noexcept {
    const Target target(AT_FDCWD, path, Follow::NoLink);
    if (target.is_ours()) return finish(refuse_to_change(target));
    return real<"unlink", decltype(::unlink)>()(target.path_or(path));
}

int unlinkat(int dirfd, const char* path, int flags) noexcept {
    const Target target(dirfd, path, Follow::NoLink);
    if (target.is_ours()) return finish(refuse_to_change(target));
    return real<"unlinkat", decltype(::unlinkat)>()(target.dirfd_or(dirfd), target.path_or(path),
                                                    flags);
}

int rmdir(const char* path) noexcept {
    return change<"rmdir", decltype(::rmdir)>(path);
}

int truncate(const char* path, off_t size) noexcept {
    return change<"truncate", decltype(::truncate)>(path, size);
}

int truncate64(const char* path, off64_t size) noexcept {
    return truncate(path, size);
}

int chmod(const char* path, mode_t mode) noexcept {
    return change_attributes<"chmod", decltype(::chmod)>(path, mode);
}

int fchmodat(int dirfd, const char* path, mode_t mode, int flags) noexcept {
    return change_attributes_at<"fchmodat", decltype(::fchmodat)>(dirfd, path, mode, flags);
}

int chown(const char* path, uid_t user, gid_t group) noexcept {
    return change_attributes<"chown", decltype(::chown)>(path, user, group);
}

int lchown(const char* path, uid_t user, gid_t group) noexcept {
    return change_attributes<"lchown", decltype(::lchown)>(path, user, group);
}

int fchownat(int dirfd, const char* path, uid_t user, gid_t group, int flags) noexcept {
    return change_attributes_at<"fchownat", decltype(::fchownat)>(dirfd, path, user, group, flags);
}

int utimensat(int dirfd, const char* path, const struct timespec times[2], int flags) noexcept {
    return change_attributes_at<"utimensat", decltype(::utimensat)>(dirfd, path, times, flags);
}

int utimes(const char* path, const struct timeval times[2]) noexcept {
    return change_attributes<"utimes", decltype(::utimes)>(path, times);
}

int inotify_add_watch(int fd, const char* path, uint32_t events) noexcept {
    const Target target(AT_FDCWD, path);
    return real<"inotify_add_watch", decltype(::inotify_add_watch)>()(fd, target.path_or(path),
                                                                      events);
}

}  // extern "C"
#pragma GCC visibility pop
