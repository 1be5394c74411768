// epoll(7) of buffers, which it refuses as it does all files: a descriptor of the daemon's is
// watched in a buffer's place.
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>

#include "shim/buffers.h"
#include "shim/descriptors.h"
#include "shim/forward.h"
#include "shim/syscalls.h"

namespace plugboard::shim {
namespace {

constexpr size_t most_watched = 64;

/// One buffer in one epoll instance.
struct Watched {
    enum State : uint32_t { Empty, Changing, Used };
    std::atomic<uint32_t> state;
    std::atomic<int> epoll;
    std::atomic<int> fd;
    std::atomic<uint64_t> inode;   // of the buffer: the application may have reused its number
    std::atomic<int> instead;      // what is watched
    std::atomic<uint64_t> cookie;  // of that, for the same reason
};
constinit Watched all_watched[most_watched] = {};
constinit std::atomic<int> watched_count = 0;
constinit std::atomic<int> owner = 0;  // the process whose descriptors these are

/// A vfork child borrows the memory, not the descriptors.
bool is_owner() {
    const int pid = process_id();
    int nobody = 0;
    return owner.compare_exchange_strong(nobody, pid) || nobody == pid;
}

uint64_t inode_of(int fd) {
    struct stat info;
    return stat_fd(fd, info) < 0 ? 0 : info.st_ino;
}

bool take(Watched& watched, uint32_t from) {
    return watched.state.compare_exchange_strong(from, Watched::Changing);
}

/// Out of the epoll instance first: a fork child may have a copy, which keeps it in there.
void close_instead(const Watched& watched) {
    const int fd = watched.instead.load();
    if (cookie_of(fd) != watched.cookie.load()) return;
    raw_syscall(SYS_epoll_ctl, watched.epoll.load(), EPOLL_CTL_DEL, fd, nullptr);
    close_fd(fd);
}

/// Frees what take() has taken.
void drop(Watched& watched) {
    close_instead(watched);
    watched_count.fetch_sub(1);
    watched.state.store(Watched::Empty);
}

/// take() of one that is used and is still what `is_meant` says when it is taken.
template <class Predicate>
bool take_used(Watched& watched, Predicate is_meant) {
    if (watched.state.load() != Watched::Used || !is_meant() || !take(watched, Watched::Used))
        return false;
    if (is_meant()) return true;
    watched.state.store(Watched::Used);
    return false;
}

/// Taken; null: it is not watched.
Watched* take_watched(int epoll, int fd) {
    for (Watched& watched : all_watched) {
        if (!take_used(watched, [&] { return watched.epoll == epoll && watched.fd == fd; }))
            continue;
        if (cookie_of(watched.instead.load()) == watched.cookie.load() &&
            inode_of(fd) == watched.inode.load())
            return &watched;
        drop(watched);
    }
    return nullptr;
}

Watched* take_empty() {
    for (Watched& watched : all_watched) {
        if (watched.state.load() == Watched::Empty && take(watched, Watched::Empty))
            return &watched;
    }
    return nullptr;
}

/// A descriptor for the buffer as it is now, in the epoll instance; or minus an errno.
long add_instead(int epoll, int fd, epoll_event& event) {
    BufferReadiness state;
    const auto asked = static_cast<int>(event.events & (EPOLLIN | EPOLLOUT));
    if (const long error = poll_buffer(fd, asked, true, state); error < 0) return error;
    if (state.later < 0) return -ENOMEM;
    const long added = raw_syscall(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, state.later, &event);
    if (added < 0) {
        close_fd(state.later);
        return added;
    }
    return state.later;
}

long add(int epoll, int fd, epoll_event& event) {
    if (Watched* there = take_watched(epoll, fd)) {
        there->state.store(Watched::Used);
        return -EEXIST;
    }
    Watched* watched = take_empty();
    if (!watched) return -ENOSPC;
    const long instead = add_instead(epoll, fd, event);
    if (instead < 0) {
        watched->state.store(Watched::Empty);
        return instead;
    }
    watched->epoll.store(epoll);
    watched->fd.store(fd);
    watched->inode.store(inode_of(fd));
    watched->instead.store(static_cast<int>(instead));
    watched->cookie.store(cookie_of(static_cast<int>(instead)));
    watched_count.fetch_add(1);
    watched->state.store(Watched::Used);
    return 0;
}

long modify(int epoll, int fd, epoll_event& event) {
    Watched* watched = take_watched(epoll, fd);
    if (!watched) return -ENOENT;
    const long instead = add_instead(epoll, fd, event);
    if (instead >= 0) {
        close_instead(*watched);
        watched->instead.store(static_cast<int>(instead));
        watched->cookie.store(cookie_of(static_cast<int>(instead)));
    }
    watched->state.store(Watched::Used);
    return std::min(instead, 0l);
}

long remove(int epoll, int fd) {
    Watched* watched = take_watched(epoll, fd);
    if (!watched) return -ENOENT;
    drop(*watched);
    return 0;
}

}  // namespace

long watch_buffer(int epoll, int operation, int fd, epoll_event* event) {
    if (!is_owner()) return -EPERM;
    epoll_event wanted{};
    if (operation == EPOLL_CTL_DEL) return remove(epoll, fd);
    if (!copy_from(event, &wanted, sizeof wanted)) return -EFAULT;
    switch (operation) {
        case EPOLL_CTL_ADD: return add(epoll, fd, wanted);
        case EPOLL_CTL_MOD: return modify(epoll, fd, wanted);
        default: return -EINVAL;
    }
}

void forget_watched_buffers(unsigned first, unsigned last) {
    if (watched_count.load() == 0 || !is_owner()) return;
    const auto is_closed = [=](int fd) {
        return static_cast<unsigned>(fd) >= first && static_cast<unsigned>(fd) <= last;
    };
    for (Watched& watched : all_watched) {
        if (take_used(watched, [&] { return is_closed(watched.fd) || is_closed(watched.epoll); }))
            drop(watched);
    }
}

void forget_parents_watched_buffers() {
    for (Watched& watched : all_watched) {
        if (watched.state.exchange(Watched::Empty) == Watched::Empty) continue;
        const int fd = watched.instead.load();
        if (cookie_of(fd) == watched.cookie.load()) close_fd(fd);
    }
    watched_count.store(0);
    owner.store(0);
}

}  // namespace plugboard::shim
