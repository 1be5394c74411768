#include "shim/open.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "shim/board.h"
#include "shim/descriptors.h"
#include "shim/file_systems.h"
#include "shim/forward.h"
#include "shim/paths.h"
#include "shim/real.h"
#include "shim/result.h"
#include "shim/syscalls.h"

namespace plugboard::shim {
namespace {

Follow follow_of(int flags) {
    return (flags & AT_SYMLINK_NOFOLLOW) ? Follow::NoLink : Follow::Link;
}

/// The flags of open(2) for a mode of fopen(); -1: not a mode.
int flags_of_mode(const char* mode) {
    int flags = 0;
    switch (mode[0]) {
        case 'r': flags = O_RDONLY; break;
        case 'w': flags = O_WRONLY | O_CREAT | O_TRUNC; break;
        case 'a': flags = O_WRONLY | O_CREAT | O_APPEND; break;
        default: return -1;
    }
    for (const char* c = mode + 1; *c != '\0' && *c != ','; c++) {
        if (*c == '+') flags = (flags & ~O_ACCMODE) | O_RDWR;
        if (*c == 'e') flags |= O_CLOEXEC;
        if (*c == 'x') flags |= O_EXCL;
    }
    return flags;
}

int fd_of_cookie(void* cookie) {
    return static_cast<int>(reinterpret_cast<intptr_t>(cookie));
}

ssize_t read_cookie(void* cookie, char* to, size_t size) {
    return finish(raw_syscall(SYS_read, fd_of_cookie(cookie), to, size));
}

ssize_t write_cookie(void* cookie, const char* bytes, size_t size) {
    const auto label = find_label(fd_of_cookie(cookie));
    // stdio takes 0, not -1, for an error here.
    return label ? std::max(finish(forward_write(fd_of_cookie(cookie), *label, bytes, size)), 0)
                 : 0;
}

int close_cookie(void* cookie) {
    return finish(close_fd(fd_of_cookie(cookie)));
}

/// A stream on a descriptor. libc's own writes bypass write(): those to a labelled one go through
/// us.
FILE* stream_of(int fd, const char* mode) {
    const auto label = find_label(fd);
    FILE* stream = nullptr;
    if (label && label->kind != FdKind::Card) {
        stream = fopencookie(
            reinterpret_cast<void*>(static_cast<intptr_t>(fd)), mode,
            {.read = read_cookie, .write = write_cookie, .seek = nullptr, .close = close_cookie});
    } else {
        stream = fdopen(fd, mode);
    }
    if (!stream) close_fd(fd);
    return stream;
}

/// What sysfs says to one who opens a file for what it has no method for, root or not. Linux:
/// fs/kernfs/file.c, kernfs_fop_open
long refuse_to_write(const Target& target, int flags) {
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) return -EEXIST;
    const long fd = open_file(target.path(), O_CLOEXEC | (flags & (O_NOFOLLOW | O_DIRECTORY)));
    if (fd < 0) return fd;
    close_fd(static_cast<int>(fd));
    return -EACCES;
}

std::optional<int> open_target(const Target& target, int flags, mode_t mode) {
    if (!target.is_elsewhere() && !(target.node() && !(flags & O_PATH))) return std::nullopt;
    if (!(flags & O_PATH)) {
        if (target.node()) return finish(open_node(target, flags));
        if (target.is_live()) return finish(open_live(target, flags));
        if (target.place() == Place::Hidden && (flags & O_CREAT) && target.is_in_configfs())
            return finish(target.refuse_new_name(-EACCES));
        if (target.place() == Place::Hidden) flags &= ~(O_CREAT | O_EXCL);
        if (target.place() == Place::Tree) {
            if ((flags & O_TMPFILE) == O_TMPFILE) return finish(-EOPNOTSUPP);
            const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
            if (S_ISREG(target.status().st_mode) && writes)
                return finish(refuse_to_write(target, flags));
        }
    }
    return real<"openat", decltype(::openat)>()(AT_FDCWD, target.path(), flags, mode);
}

}  // namespace

std::optional<int> open_here(int dirfd, const char* path, int flags, mode_t mode) {
    return open_target(Target(dirfd, path, (flags & O_NOFOLLOW) ? Follow::NoLink : Follow::Link),
                       flags, mode);
}

std::optional<FILE*> fopen_here(const char* path, const char* mode) {
    const Target target(AT_FDCWD, path);
    const int flags = flags_of_mode(mode);
    if (target.place() == Place::Native || flags < 0) return std::nullopt;
    const auto fd = open_target(target, flags, 0666);
    if (!fd) return std::nullopt;
    return *fd < 0 ? nullptr : stream_of(*fd, mode);
}

std::optional<FILE*> freopen_here(const char* path, const char* mode, FILE* stream) {
    const Target target(AT_FDCWD, path);
    const int flags = flags_of_mode(mode);
    if (target.place() == Place::Native || flags < 0) return std::nullopt;
    const auto fd = open_target(target, flags, 0666);
    if (!fd) return std::nullopt;
    if (*fd < 0) {
        const int error = errno;
        real<"fclose", decltype(::fclose)>()(stream);
        errno = error;
        return nullptr;
    }
    // The stream keeps its number and gets the file: a socket cannot be opened by a name.
    FILE* reopened = real<"freopen", decltype(::freopen)>()("/dev/null", mode, stream);
    if (reopened) finish(raw_syscall(SYS_dup3, *fd, fileno_unlocked(reopened), flags & O_CLOEXEC));
    close_fd(*fd);
    return reopened;
}

std::optional<int> stat_here(int dirfd, const char* path, struct stat* info, int flags) {
    const Target target(dirfd, path, follow_of(flags));
    if (target.place() == Place::Descriptor && follow_of(flags) == Follow::Link) {
        const long result = stat_fd(target.descriptor(), *info);
        if (result >= 0) correct_status(target.descriptor(), *info);
        return finish(result);
    }
    if (!target.is_elsewhere()) return std::nullopt;
    const long result = raw_syscall(SYS_newfstatat, AT_FDCWD, target.path(), info, flags);
    if (result < 0) return finish(result);
    if (target.place() == Place::Tree) info->st_dev = file_system_of(target.virtual_path()).device;
    if (target.node()) {
        show_as_node(*info, *target.node());
    } else if (S_ISREG(info->st_mode)) {
        info->st_mode &= ~static_cast<mode_t>(S_ISVTX);  // says "live" to us alone
    }
    return 0;
}

std::optional<int> statx_here(int dirfd, const char* path, int flags, unsigned mask,
                              struct statx* info) {
    const Target target(dirfd, path, follow_of(flags));
    if (target.place() == Place::Descriptor && follow_of(flags) == Follow::Link) {
        const int fd = target.descriptor();
        const long result = raw_syscall(SYS_statx, fd, "", flags | AT_EMPTY_PATH, mask, info);
        if (result >= 0) correct_status(fd, *info);
        return finish(result);
    }
    if (!target.is_elsewhere()) return std::nullopt;
    const long result = raw_syscall(SYS_statx, AT_FDCWD, target.path(), flags, mask, info);
    if (result < 0) return finish(result);
    if (target.place() == Place::Tree) {
        const dev_t device = file_system_of(target.virtual_path()).device;
        info->stx_dev_major = major(device);
        info->stx_dev_minor = minor(device);
    }
    if (target.node()) {
        show_as_node(*info, *target.node());
    } else if (S_ISREG(info->stx_mode)) {
        info->stx_mode = static_cast<uint16_t>(info->stx_mode & ~S_ISVTX);
    }
    return 0;
}

std::optional<int> statfs_here(const char* path, struct statfs* info) {
    const Target target(AT_FDCWD, path);
    if (!target.is_elsewhere()) return std::nullopt;
    const long result = raw_syscall(SYS_statfs, target.path(), info);
    if (result >= 0 && target.place() == Place::Tree)
        info->f_type = file_system_of(target.virtual_path()).magic;
    return finish(result);
}

void correct_file_system(int fd, struct statfs& info) {
    auto link = link_of_fd(fd);
    size_t size = link.size();
    if (strip_root(link.data(), size)) info.f_type = file_system_of({link.data(), size}).magic;
}

std::optional<ssize_t> readlink_here(int dirfd, const char* path, char* text, size_t size) {
    const Target target(dirfd, path, Follow::NoLink);
    if (target.place() == Place::Descriptor) {
        const auto node = node_path(*target.node());
        const size_t count = std::min(size, node.size());
        std::memcpy(text, node.c_str(), count);
        return static_cast<ssize_t>(count);
    }
    if (!target.is_elsewhere()) return std::nullopt;
    return finish<ssize_t>(raw_syscall(SYS_readlinkat, AT_FDCWD, target.path(), text, size));
}

ssize_t correct_link(int dirfd, const char* path, char* text, size_t size, ssize_t count) {
    const Board* mine = board();
    if (!mine || count <= 0) return count;
    // Only /proc has such links: to buffers, and to what is in the tree.
    const std::string_view found(text, static_cast<size_t>(count));
    if (found.starts_with(buffer_link)) {
        std::memcpy(text, dma_buf_link.data(), dma_buf_link.size());
        return static_cast<ssize_t>(dma_buf_link.size());
    }
    if (const std::string_view file = live_file_path(found); !file.empty()) {
        std::memmove(text, file.data(), file.size());
        return static_cast<ssize_t>(file.size());
    }
    const std::string_view root = mine->root.view();
    if (found.substr(0, root.size()) != root.substr(0, found.size())) return count;
    TreePath whole;
    const long length = raw_syscall(SYS_readlinkat, dirfd, path, whole.data(), whole.capacity());
    if (length <= 0) return count;
    auto cut = static_cast<size_t>(length);
    if (cut >= whole.capacity()) return count;
    whole.resize(cut);
    if (!strip_root(whole.data(), cut)) return count;
    cut = std::min(cut, size);
    std::memcpy(text, whole.c_str(), cut);
    return static_cast<ssize_t>(cut);
}

char* virtual_realpath(char* path) {
    if (!path) return nullptr;
    size_t size = std::strlen(path);
    strip_root(path, size);
    return path;
}

}  // namespace plugboard::shim
