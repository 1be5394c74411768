// Descriptors of DRM files and their like, and the shim's own.
#include <linux/close_range.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shim/buffers.h"
#include "shim/channels.h"
#include "shim/descriptors.h"
#include "shim/forward.h"
#include "shim/symbols.h"
#include "shim/uevents.h"

namespace shim = plugboard::shim;
using shim::finish;
using shim::real;

namespace {

/// The address of a mapping, or minus an errno, as libc gives it.
void* finish_mapping(long mapped) {
    if (mapped >= 0 || mapped < -4095) return reinterpret_cast<void*>(mapped);
    errno = static_cast<int>(-mapped);
    return MAP_FAILED;
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

/// Before an application's number becomes something else.
void forget_watch(int fd) {
    if (fd >= 0) shim::forget_watched_buffers(static_cast<unsigned>(fd), static_cast<unsigned>(fd));
}

/// Closes [first, last] but for the shim's own channels.
int close_around_channels(unsigned first, unsigned last, int flags) {
    shim::forget_watched_buffers(first, last);
    const auto close_real = [flags](unsigned from, unsigned to) {
        return finish(
            plugboard::raw_syscall(SYS_close_range, from, to, static_cast<unsigned>(flags)));
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

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int ioctl(int fd, unsigned long command, ...) noexcept {
    va_list rest;
    va_start(rest, command);
    void* argument = va_arg(rest, void*);
    va_end(rest);
    if (shim::may_be_ours(command)) {
        if (const auto label = shim::find_label(fd))
            return finish(
                shim::forward_ioctl(fd, *label, static_cast<uint32_t>(command), argument));
    } else if (shim::may_be_of_buffers(command) && shim::board() && shim::is_buffer(fd)) {
        return finish(shim::forward_buffer_ioctl(fd, static_cast<uint32_t>(command), argument));
    }
    return real<"ioctl", decltype(::ioctl)>()(fd, command, argument);
}

void* mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset) noexcept {
    if (fd >= 0 && !(flags & MAP_ANONYMOUS)) {
        const auto label = shim::find_label(fd);
        if (label && label->kind == plugboard::FdKind::Card)
            return finish_mapping(
                shim::forward_mmap(fd, *label, address, length, protection, flags, offset));
        if (!label && shim::board() && !shim::may_map_buffer(fd, length, flags, offset))
            return finish_mapping(-EINVAL);
    }
    // Not through the next wrapper: allocators map memory before a symbol can be looked up.
    return finish_mapping(
        plugboard::raw_syscall(SYS_mmap, address, length, protection, flags, fd, offset));
}

void* mmap64(void* address, size_t length, int protection, int flags, int fd,
             off64_t offset) noexcept {
    return mmap(address, length, protection, flags, fd, offset);
}

ssize_t read(int fd, void* to, size_t size) {
    if (!reads_whole_events(size) && shim::find_node(fd))
        return finish<ssize_t>(shim::read_events(fd, to, size));
    return shim::check_lost(fd, check_end(fd, real<"read", decltype(::read)>()(fd, to, size)));
}

ssize_t __read_chk(int fd, void* to, size_t size, size_t room) {
    if (size > room) abort();
    return read(fd, to, size);
}

ssize_t readv(int fd, const iovec* parts, int count) {
    if (count > 0 && shim::find_node(fd))
        return transfer_segments(
            parts, count, [fd](void* to, size_t size) { return shim::read_events(fd, to, size); });
    return shim::check_lost(fd, real<"readv", decltype(::readv)>()(fd, parts, count));
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

off_t lseek(int fd, off_t offset, int whence) noexcept {
    const off_t position = real<"lseek", decltype(::lseek)>()(fd, offset, whence);
    // Linux: noop_llseek. Only a socket fails with ESPIPE, so others never pay for the look.
    if (position < 0 && errno == ESPIPE && shim::find_node(fd)) return 0;
    if (position < 0 || (whence == SEEK_END && offset == 0) || !shim::board()) return position;
    return finish<off_t>(shim::seek_buffer(fd, offset, whence, position));
}

off64_t lseek64(int fd, off64_t offset, int whence) noexcept {
    return lseek(fd, offset, whence);
}

// The shim's own descriptors, which applications close with all they do not know.

int close(int fd) {
    if (shim::is_own_channel(fd)) return finish(-EBADF);
    forget_watch(fd);
    return real<"close", decltype(::close)>()(fd);
}

int dup2(int from, int to) noexcept {
    if (shim::is_own_channel(from)) return finish(-EBADF);
    if (from != to) {
        shim::move_own_channel(to);
        forget_watch(to);
    }
    return real<"dup2", decltype(::dup2)>()(from, to);
}

int dup3(int from, int to, int flags) noexcept {
    if (shim::is_own_channel(from)) return finish(-EBADF);
    if (from != to) {
        shim::move_own_channel(to);
        forget_watch(to);
    }
    return real<"dup3", decltype(::dup3)>()(from, to, flags);
}

int close_range(unsigned first, unsigned last, int flags) noexcept {
    if ((flags & static_cast<int>(CLOSE_RANGE_CLOEXEC)) || first > last || !shim::board())
        return finish(
            plugboard::raw_syscall(SYS_close_range, first, last, static_cast<unsigned>(flags)));
    return close_around_channels(first, last, flags);
}

void closefrom(int lowest) noexcept {
    close_around_channels(lowest < 0 ? 0 : static_cast<unsigned>(lowest), ~0u, 0);
}

}  // extern "C"
#pragma GCC visibility pop
