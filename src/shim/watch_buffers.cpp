// epoll(7) of buffers, which it refuses as it does all files: a descriptor of the daemon's is
// watched in a buffer's place.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>

#include "shim/board.h"
#include "shim/buffers.h"
#include "shim/descriptors.h"
#include "shim/forward.h"
#include "shim/lock.h"
#include "shim/stand_ins.h"
#include "shim/syscalls.h"

namespace plugboard::shim {
namespace {

constexpr size_t most_watched = 64;

/// What a dma-buf's poll can say, and how epoll is to tell it.
constexpr uint32_t events_of_buffers =
    EPOLLIN | EPOLLOUT | EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE;
/// Linux: fs/eventpoll.c, EPOLLEXCLUSIVE_OK_BITS
constexpr uint32_t good_with_exclusive =
    EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;

/// One buffer in one epoll instance.
struct Watched {
    int epoll;       // a number of the instance; it may have others
    int fd;          // of the buffer
    uint64_t inode;  // of that: the application may have reused its number
    StandIn instead;
    bool is_exclusive;
};
constinit Lock lock;
constinit Watched all_watched[most_watched] = {};  // under the lock
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

long control(int epoll, int operation, int fd, epoll_event* event) {
    return raw_syscall(SYS_epoll_ctl, epoll, operation, fd, event);
}

/// Asks the kernel, which knows the instance by all its numbers.
bool is_in_epoll(int epoll, const StandIn& instead) {
    epoll_event nothing{};
    const long added = control(epoll, EPOLL_CTL_ADD, instead.fd, &nothing);
    if (added >= 0) control(epoll, EPOLL_CTL_DEL, instead.fd, nullptr);
    return added == -EEXIST;
}

/// Out of the epoll instance first: a fork child may have a copy, which keeps it in there.
void drop(Watched& watched, int epoll) {
    if (is_there(watched.instead)) control(epoll, EPOLL_CTL_DEL, watched.instead.fd, nullptr);
    close_stand_in(watched.instead);
    watched_count.fetch_sub(1);
}

/// Null: it is not watched.
Watched* find(int epoll, int fd) {
    for (Watched& watched : all_watched) {
        if (watched.instead.cookie == 0 || watched.fd != fd) continue;
        if (!is_there(watched.instead) || inode_of(fd) != watched.inode) {
            drop(watched, watched.epoll);
        } else if (is_in_epoll(epoll, watched.instead)) {
            return &watched;
        }
    }
    return nullptr;
}

/// Linux: do_epoll_ctl, which looks at the instance first.
long error_of_unknown(int epoll) {
    return link_of_fd(epoll).view() == "anon_inode:[eventpoll]" ? -ENOENT : -EINVAL;
}

/// A stand-in for the buffer as it is now; minus an errno.
long ask_for_stand_in(int fd, const epoll_event& event, StandIn& instead) {
    BufferReadiness state;
    const auto asked = static_cast<int>(event.events & (EPOLLIN | EPOLLOUT));
    const long error = poll_buffer(fd, asked, transport::WantsDescriptor::Always, nullptr, state);
    if (error < 0) return error == -EMFILE || error == -ENFILE ? -ENOMEM : error;
    instead = keep_stand_in(move_high(state.later), nullptr);
    return 0;
}

long add(int epoll, int fd, epoll_event& event, const StandIn& instead) {
    const uint64_t inode = inode_of(fd);
    if (inode == 0) return -EBADF;  // closed meanwhile
    if (find(epoll, fd)) return -EEXIST;
    const auto empty = std::find_if(std::begin(all_watched), std::end(all_watched),
                                    [](const Watched& it) { return it.instead.cookie == 0; });
    if (empty == std::end(all_watched)) return -ENOSPC;
    if (const long error = control(epoll, EPOLL_CTL_ADD, instead.fd, &event); error < 0)
        return error;
    *empty = {epoll, fd, inode, instead, (event.events & EPOLLEXCLUSIVE) != 0};
    watched_count.fetch_add(1);
    return 0;
}

/// Nobody is told of both the old and the new one.
long modify(int epoll, int fd, epoll_event& event, const StandIn& instead) {
    Watched* const watched = find(epoll, fd);
    if (!watched) return error_of_unknown(epoll);
    epoll_event nothing{};
    if (const long error = control(epoll, EPOLL_CTL_ADD, instead.fd, &nothing); error < 0)
        return error;
    control(epoll, EPOLL_CTL_DEL, watched->instead.fd, nullptr);
    control(epoll, EPOLL_CTL_MOD, instead.fd, &event);
    close_stand_in(watched->instead);
    watched->instead = instead;
    return 0;
}

/// Before a stand-in is asked for.
long check(int epoll, int operation, int fd) {
    const LockScope scope(lock);
    const Watched* const watched = find(epoll, fd);
    if (operation == EPOLL_CTL_ADD) return watched ? -EEXIST : 0;
    if (!watched) return error_of_unknown(epoll);
    return watched->is_exclusive ? -EINVAL : 0;
}

long add_or_modify(int epoll, int operation, int fd, epoll_event& event) {
    const bool is_exclusive = (event.events & EPOLLEXCLUSIVE) != 0;
    if (is_exclusive && (operation == EPOLL_CTL_MOD || (event.events & ~good_with_exclusive) != 0))
        return -EINVAL;
    event.events &= events_of_buffers;
    if (const long error = check(epoll, operation, fd); error < 0) return error;
    StandIn instead;
    if (const long error = ask_for_stand_in(fd, event, instead); error < 0) return error;
    const LockScope scope(lock);
    // Another thread may have been faster.
    const long result = operation == EPOLL_CTL_ADD ? add(epoll, fd, event, instead)
                                                   : modify(epoll, fd, event, instead);
    if (result < 0) close_stand_in(instead);
    return result;
}

long remove(int epoll, int fd) {
    const LockScope scope(lock);
    Watched* const watched = find(epoll, fd);
    if (!watched) return error_of_unknown(epoll);
    drop(*watched, epoll);
    return 0;
}

}  // namespace

long watch_buffer(int epoll, int operation, int fd, epoll_event* event) {
    if (!is_owner()) return -EPERM;
    if (operation == EPOLL_CTL_DEL) return remove(epoll, fd);
    epoll_event wanted{};
    if (!copy_from(event, &wanted, sizeof wanted)) return -EFAULT;
    if (operation != EPOLL_CTL_ADD && operation != EPOLL_CTL_MOD) return -EINVAL;
    return add_or_modify(epoll, operation, fd, wanted);
}

void forget_watched_buffers(unsigned first, unsigned last) {
    // Numbers of a thread that is not on the board are others.
    if (watched_count.load() == 0 || !board() || !is_owner()) return;
    const auto is_closed = [=](int fd) {
        return static_cast<unsigned>(fd) >= first && static_cast<unsigned>(fd) <= last;
    };
    const LockScope scope(lock);
    for (Watched& watched : all_watched) {
        if (watched.instead.cookie != 0 && (is_closed(watched.fd) || is_closed(watched.epoll)))
            drop(watched, watched.epoll);
    }
}

void forget_parents_watched_buffers() {
    close_inherited_stand_ins();
    for (Watched& watched : all_watched) watched = {};
    watched_count.store(0);
    owner.store(0);
    lock.reset();
}

}  // namespace plugboard::shim
