// Makes the descriptor of a buffer, a memfd, look like a dma-buf's: what it can be mapped and
// sought as, and when it is ready. Linux: drivers/dma-buf/dma-buf.c
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/types.h>
#include <time.h>

#include <cstddef>

namespace plugboard::shim {

/// False: a dma-buf refuses such a mapping with EINVAL. True of other files.
bool may_map_buffer(int fd, size_t length, int flags, off_t offset);
/// What a seek gives that has come to `position`; of other files just that.
long seek_buffer(int fd, off_t offset, int whence, off_t position);

/// Whether one of them is a buffer whose readiness is asked for.
bool asks_a_buffer(const pollfd* fds, nfds_t count);
/// ppoll(2) for such, with its errno.
int poll_buffers(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask);

struct SelectSets {
    fd_set* read = nullptr;
    fd_set* write = nullptr;
    fd_set* except = nullptr;
};
/// The same for select(2). `count`: at most FD_SETSIZE.
bool asks_a_buffer(int count, const SelectSets& sets);
int select_buffers(int count, const SelectSets& sets, const timespec* timeout,
                   const sigset_t* mask);

/// epoll_ctl(2) for a buffer: a result or minus an errno. What is watched is ready once the fences
/// that are pending now have signalled, and stays so until it is modified.
long watch_buffer(int epoll, int operation, int fd, epoll_event* event);
/// Before the application closes the number.
void forget_watched_buffers(int fd);

}  // namespace plugboard::shim
