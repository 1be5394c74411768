// Making, removing and changing files: what the board shows is changed by its devices alone, but
// for configfs, of which the daemon decides. Linux: sysfs, to all; devtmpfs, to a user; configfs.
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "shim/forward.h"
#include "shim/symbols.h"

namespace shim = plugboard::shim;
using shim::finish;
using shim::Follow;
using shim::Place;
using shim::real;
using shim::Target;

namespace {

using plugboard::transport::NameChange;

/// A name that is to be made.
long refuse_to_make(const Target& target) {
    if (target.is_in_configfs()) return target.refuse_new_name(-EPERM);
    return target.place() == Place::Tree ? -EEXIST : -EACCES;
}

long make_folder(const Target& target) {
    if (!target.is_in_configfs()) return refuse_to_make(target);
    return shim::change_names(NameChange::MakeFolder, target.virtual_path());
}

/// `text` is taken as a path from where the caller is, as configfs does.
long make_link(const char* text, const Target& target) {
    if (!target.is_in_configfs()) return refuse_to_make(target);
    const Target to(AT_FDCWD, text);
    if (to.place() == Place::Tree)
        return shim::change_names(NameChange::MakeLink, target.virtual_path(), to.virtual_path());
    struct stat status;
    long error = plugboard::raw_syscall(SYS_newfstatat, AT_FDCWD, to.path_or(text), &status, 0);
    if (error >= 0) error = S_ISDIR(status.st_mode) ? -EPERM : -ENOTDIR;
    return shim::change_names(NameChange::MakeLink, target.virtual_path(), {}, error);
}

/// A name that is to go, or a file whose content is to change.
long refuse_to_change(const Target& target) {
    return target.place() == Place::Tree ? -EACCES : -ENOENT;
}

long remove_name(const Target& target, NameChange change) {
    if (!target.is_in_configfs()) return refuse_to_change(target);
    return shim::change_names(change, target.virtual_path());
}

/// From or to the board, or both.
long refuse_to_move(const Target& source, const Target& target) {
    if (source.is_in_configfs() != target.is_in_configfs()) return -EXDEV;
    if (source.is_in_configfs()) return source.place() == Place::Tree ? -EPERM : -ENOENT;
    return source.is_ours() ? refuse_to_change(source) : -EACCES;
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
    const Target target(to_dirfd, to, Follow::NoLink);
    if (source.is_ours() || target.is_ours()) return finish(refuse_to_move(source, target));
    return real<name, Function>()(source.dirfd_or(from_dirfd), source.path_or(from),
                                  target.dirfd_or(to_dirfd), target.path_or(to), rest...);
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int mkdir(const char* path, mode_t mode) noexcept {
    return mkdirat(AT_FDCWD, path, mode);
}

int mkdirat(int dirfd, const char* path, mode_t mode) noexcept {
    const Target target(dirfd, path, Follow::NoLink);
    if (target.is_ours()) return finish(make_folder(target));
    return real<"mkdirat", decltype(::mkdirat)>()(target.dirfd_or(dirfd), target.path_or(path),
                                                  mode);
}

int mknod(const char* path, mode_t mode, dev_t device) noexcept {
    return make<"mknod", decltype(::mknod)>(path, mode, device);
}

int mknodat(int dirfd, const char* path, mode_t mode, dev_t device) noexcept {
    return make_at<"mknodat", decltype(::mknodat)>(dirfd, path, mode, device);
}

int symlink(const char* text, const char* path) noexcept {
    return symlinkat(text, AT_FDCWD, path);
}

int symlinkat(const char* text, int dirfd, const char* path) noexcept {
    const Target target(dirfd, path, Follow::NoLink);
    if (target.is_ours()) return finish(make_link(text, target));
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
    return unlinkat(AT_FDCWD, path, 0);
}

int unlinkat(int dirfd, const char* path, int flags) noexcept {
    const Target target(dirfd, path, Follow::NoLink);
    const bool is_folder = (flags & AT_REMOVEDIR) != 0;
    if (target.is_ours())
        return finish(
            remove_name(target, is_folder ? NameChange::RemoveFolder : NameChange::RemoveLink));
    return real<"unlinkat", decltype(::unlinkat)>()(target.dirfd_or(dirfd), target.path_or(path),
                                                    flags);
}

int rmdir(const char* path) noexcept {
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
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
