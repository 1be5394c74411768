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

/// A file is always ready, so poll(2) returns at once where a buffer is asked for, with all else
/// that is ready. Whether that is so: then what poll_buffers() says counts.
bool has_ready_buffer(const pollfd* fds, nfds_t count);
/// Goes on from there as ppoll(2) does. No cancellation point.
int poll_buffers(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask);

/// The sets of a select(2), as the caller gave them.
class SelectSets {
  public:
    SelectSets(int count, fd_set* read, fd_set* write, fd_set* except);
    /// After select(2) has said that some are ready, as with poll(2).
    bool has_ready_buffer() const;
    /// Goes on from there. `left`: of the timeout in the end, if there is one.
    int select_buffers(const timespec* timeout, const sigset_t* mask, timespec& left);

    struct Sets {
        fd_set read, write, except;
    };

  private:
    int count_in(const Sets& sets) const;

    const int count_;
    fd_set* const read_;
    fd_set* const write_;
    fd_set* const except_;
    Sets given_;
    const bool is_known_;  // given_
};

/// epoll_ctl(2) for a buffer: a result or minus an errno. What is watched is ready once no fence is
/// in its way, and stays so until it is modified.
long watch_buffer(int epoll, int operation, int fd, epoll_event* event);
/// Before the application closes the numbers from `first` to `last`.
void forget_watched_buffers(unsigned first, unsigned last);
/// For a fork child: what it closes is its own, and its parent's watches stay.
void forget_parents_watched_buffers();

}  // namespace plugboard::shim
