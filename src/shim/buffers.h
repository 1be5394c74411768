// Makes the descriptor of a buffer, a memfd, look like a dma-buf's: what it can be mapped and
// sought as, and when it is ready. Linux: drivers/dma-buf/dma-buf.c
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/types.h>
#include <time.h>

#include <array>
#include <cstddef>

#include "shim/room.h"

namespace plugboard::shim {

/// False: a dma-buf refuses such a mapping with EINVAL. True of other files.
bool may_map_buffer(int fd, size_t length, int flags, off_t offset);
/// What a seek gives that has come to `position`; of other files just that.
long seek_buffer(int fd, off_t offset, int whence, off_t position);

/// A file is always ready, so poll(2) returns at once where a buffer is asked for, with all else
/// that is ready. Whether that is so: then what poll_buffers() says counts.
bool has_ready_buffer(const pollfd* fds, nfds_t count);
/// Goes on from there as ppoll(2) does.
int poll_buffers(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask);

/// The sets of a select(2), as the caller gave them: of any size.
class SelectSets {
  public:
    SelectSets(int count, fd_set* read, fd_set* write, fd_set* except);
    /// After select(2) has said that some are ready, as with poll(2).
    bool has_ready_buffer() const;
    /// Goes on from there. `left`: of the timeout in the end, if there is one.
    int select_buffers(const timespec* timeout, const sigset_t* mask, timespec& left);
    /// Of a thread that is cancelled meanwhile.
    void give_back() { room_.give_back(); }

  private:
    using Word = unsigned long;
    /// One of the three sets.
    struct Set {
        Word* seen;         // the caller's; null: none
        const Word* given;  // what it was
    };
    template <class Do>
    void for_each(Do to_do) const;
    nfds_t list(pollfd* fds) const;
    int tell(const pollfd* fds, nfds_t count) const;
    void tell_what_was_given() const;

    const size_t words_;  // of each set
    Room<Word, 3 * FD_SETSIZE / 64> room_;
    std::array<Set, 3> sets_{};  // read, write, except
};

/// epoll_ctl(2) for a buffer: a result or minus an errno. What is watched is ready once no fence is
/// in its way, and stays so until it is modified.
long watch_buffer(int epoll, int operation, int fd, epoll_event* event);
/// Before the application closes the numbers from `first` to `last`.
void forget_watched_buffers(unsigned first, unsigned last);
/// For a fork child: what it closes is its own, and its parent's watches stay.
void forget_parents_watched_buffers();

}  // namespace plugboard::shim
