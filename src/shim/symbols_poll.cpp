// Waiting for descriptors, of which buffers may be some.
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "shim/buffers.h"
#include "shim/cancellation.h"
#include "shim/descriptors.h"
#include "shim/symbols.h"

namespace shim = plugboard::shim;
using shim::finish;
using shim::real;

#pragma GCC visibility push(default)
extern "C" {

int ppoll(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask) {
    const int found = real<"ppoll", decltype(::ppoll)>()(fds, count, timeout, mask);
    if (found <= 0 || !shim::board() || !shim::has_ready_buffer(fds, count)) return found;
    return shim::poll_buffers(fds, count, timeout, mask);
}

int poll(pollfd* fds, nfds_t count, int timeout) {
    const int found = real<"poll", decltype(::poll)>()(fds, count, timeout);
    if (found <= 0 || !shim::board() || !shim::has_ready_buffer(fds, count)) return found;
    const timespec time{.tv_sec = timeout / 1000, .tv_nsec = timeout % 1000 * 1'000'000L};
    return shim::poll_buffers(fds, count, timeout < 0 ? nullptr : &time, nullptr);
}

int __poll_chk(pollfd* fds, nfds_t count, int timeout, size_t room) {
    if (room / sizeof *fds < count) abort();
    return poll(fds, count, timeout);
}

int __ppoll_chk(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask,
                size_t room) {
    if (room / sizeof *fds < count) abort();
    return ppoll(fds, count, timeout, mask);
}

int pselect(int count, fd_set* read, fd_set* write, fd_set* except, const timespec* timeout,
            const sigset_t* mask) {
    const auto real_pselect = real<"pselect", decltype(::pselect)>();
    if (!shim::board()) return real_pselect(count, read, write, except, timeout, mask);
    shim::SelectSets sets(count, read, write, except);
    const auto wait = [&] {
        const int found = real_pselect(count, read, write, except, timeout, mask);
        if (found <= 0 || !sets.has_ready_buffer()) return found;
        timespec left{};
        return sets.select_buffers(timeout, mask, left);
    };
    return shim::call_cancellably(wait, [&] { sets.give_back(); });
}

int select(int count, fd_set* read, fd_set* write, fd_set* except, timeval* timeout) {
    const auto real_select = real<"select", decltype(::select)>();
    if (!shim::board()) return real_select(count, read, write, except, timeout);
    shim::SelectSets sets(count, read, write, except);
    const auto wait = [&] {
        const int found = real_select(count, read, write, except, timeout);
        if (found <= 0 || !sets.has_ready_buffer()) return found;
        // It has returned at once: all of the timeout is left.
        timespec left{};
        if (timeout) left = {.tv_sec = timeout->tv_sec, .tv_nsec = timeout->tv_usec * 1000};
        const timespec whole = left;
        const int result = sets.select_buffers(timeout ? &whole : nullptr, nullptr, left);
        if (timeout) *timeout = {.tv_sec = left.tv_sec, .tv_usec = left.tv_nsec / 1000};
        return result;
    };
    return shim::call_cancellably(wait, [&] { sets.give_back(); });
}

int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
    const int saved = errno;
    const int done = real<"epoll_ctl", decltype(::epoll_ctl)>()(epoll, operation, fd, event);
    if (done >= 0 || errno != EPERM || !shim::board() || !shim::is_buffer(fd)) return done;
    errno = saved;
    return finish(shim::watch_buffer(epoll, operation, fd, event));
}

}  // extern "C"
#pragma GCC visibility pop
