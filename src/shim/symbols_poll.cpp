// Waiting for descriptors, of which buffers may be some.
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "shim/buffers.h"
#include "shim/descriptors.h"
#include "shim/symbols.h"

namespace shim = plugboard::shim;
using shim::finish;
using shim::real;

namespace {

bool is_time(const timespec& time) {
    return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < 1'000'000'000;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int ppoll(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask) {
    if (shim::board() && (!timeout || is_time(*timeout)) && shim::asks_a_buffer(fds, count))
        return shim::poll_buffers(fds, count, timeout, mask);
    return real<"ppoll", decltype(::ppoll)>()(fds, count, timeout, mask);
}

int poll(pollfd* fds, nfds_t count, int timeout) {
    if (shim::board() && shim::asks_a_buffer(fds, count)) {
        const timespec time{.tv_sec = timeout / 1000, .tv_nsec = timeout % 1000 * 1'000'000L};
        return shim::poll_buffers(fds, count, timeout < 0 ? nullptr : &time, nullptr);
    }
    return real<"poll", decltype(::poll)>()(fds, count, timeout);
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
    const shim::SelectSets sets{read, write, except};
    if (shim::board() && (!timeout || is_time(*timeout)) && shim::asks_a_buffer(count, sets))
        return shim::select_buffers(count, sets, timeout, mask);
    return real<"pselect", decltype(::pselect)>()(count, read, write, except, timeout, mask);
}

int select(int count, fd_set* read, fd_set* write, fd_set* except, timeval* timeout) {
    const shim::SelectSets sets{read, write, except};
    if (!shim::board() || !shim::asks_a_buffer(count, sets))
        return real<"select", decltype(::select)>()(count, read, write, except, timeout);
    if (!timeout) return shim::select_buffers(count, sets, nullptr, nullptr);
    if (timeout->tv_sec < 0 || timeout->tv_usec < 0) return finish(-EINVAL);
    const timespec time{.tv_sec = timeout->tv_sec + timeout->tv_usec / 1'000'000,
                        .tv_nsec = timeout->tv_usec % 1'000'000 * 1000};
    return shim::select_buffers(count, sets, &time, nullptr);
}

int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
    const int done = real<"epoll_ctl", decltype(::epoll_ctl)>()(epoll, operation, fd, event);
    if (done >= 0 || errno != EPERM || !shim::board() || !shim::is_buffer(fd)) return done;
    return finish(shim::watch_buffer(epoll, operation, fd, event));
}

}  // extern "C"
#pragma GCC visibility pop
