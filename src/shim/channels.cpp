#include "shim/channels.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

#include <cerrno>

#include "shim/board.h"
#include "shim/frames.h"
#include "shim/syscalls.h"
#include "transport/client.h"

namespace plugboard::shim {
namespace {

constexpr size_t slot_count = 32;

/// Lies in memory that fork() wipes: to a child all slots are empty. A vfork() child sees its
/// parent's, which is told by the pid.
struct Pool {
    std::atomic<int> owner;  // pid; 0: nobody yet
    ChannelSlot slots[slot_count];
};

/// What fork() does not wipe: the numbers that a child has to close.
struct Inherited {
    std::atomic<int> fd;
    std::atomic<uint64_t> cookie;
};
constinit Inherited inherited[slot_count] = {};
constinit std::atomic<Pool*> shared_pool = nullptr;

Pool* pool() {
    Pool* known = shared_pool.load(std::memory_order_acquire);
    if (known) return known;
    const long memory = raw_syscall(SYS_mmap, nullptr, sizeof(Pool), PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0l);
    if (memory < 0 && memory > -4096) return nullptr;
    raw_syscall(SYS_madvise, memory, sizeof(Pool), MADV_WIPEONFORK);
    auto* mine = reinterpret_cast<Pool*>(memory);
    if (shared_pool.compare_exchange_strong(known, mine)) return mine;
    raw_syscall(SYS_munmap, memory, sizeof(Pool));
    return known;
}

/// The pool if it is this process's own and may be changed.
Pool* own_pool() {
    Pool* shared = pool();
    if (!shared) return nullptr;
    const int pid = process_id();
    int owner = 0;
    if (shared->owner.compare_exchange_strong(owner, pid) || owner == pid) return shared;
    // A vfork child, or the parent after a vfork child was the first: its numbers then prove stale.
    if (raw_syscall(SYS_kill, owner, 0) == -ESRCH &&
        shared->owner.compare_exchange_strong(owner, pid))
        return shared;
    return nullptr;
}

size_t index_of(const ChannelSlot& slot) {
    return static_cast<size_t>(&slot - shared_pool.load()->slots);
}

/// What connecting failed with, as an ioctl of the device says it: nobody there is ENODEV; what
/// this process ran out of (EMFILE, ENOMEM) is its own to know.
int error_of_connecting(int error) {
    switch (error) {
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case ENOBUFS: return error;
        default: return ENODEV;
    }
}

/// Connects; the errno, or 0.
int connect(ChannelSlot& slot) {
    Board* mine = board();
    if (!mine) return ENODEV;
    uint64_t id = 0;
    const int connected = transport::connect_channel(mine->socket.c_str(), id);
    if (connected < 0) return error_of_connecting(-connected);
    mine->id.store(id);
    const int fd = move_high(connected);
    slot.fd.store(fd);
    slot.sequence = 0;
    slot.busy_poll = transport::BusyPoll::where_of_use();
    slot.cookie.store(cookie_of(fd));
    return 0;
}

void remember(const ChannelSlot& slot) {
    Inherited& entry = inherited[index_of(slot)];
    entry.fd.store(slot.fd.load());
    entry.cookie.store(slot.cookie.load());
}

/// Closes the channel, unless the application has taken its number for something else.
void drop(ChannelSlot& slot) {
    const uint64_t cookie = slot.cookie.exchange(0);
    if (cookie != 0 && cookie_of(slot.fd.load()) == cookie) close_fd(slot.fd.load());
}

void drop_pooled(ChannelSlot& slot) {
    drop(slot);
    inherited[index_of(slot)].cookie.store(0);
}

bool take(ChannelSlot& slot, uint32_t from, int thread, uintptr_t frame) {
    if (!slot.state.compare_exchange_strong(from, ChannelSlot::Busy)) return false;
    slot.frame.store(frame);
    slot.thread.store(thread);  // last: until then a handler on this thread leaves the slot alone
    return true;
}

/// Frees what this thread's own abandoned calls still hold.
void sweep_abandoned(Pool& mine, int thread, uintptr_t frame) {
    for (ChannelSlot& slot : mine.slots) {
        if (slot.state.load() != ChannelSlot::Busy || slot.thread.load() != thread) continue;
        if (!is_abandoned(slot.frame.load(), frame)) continue;
        drop_pooled(slot);
        slot.thread.store(0);
        slot.state.store(ChannelSlot::Empty);
    }
}

void sweep_dead_threads(Pool& mine) {
    for (ChannelSlot& slot : mine.slots) {
        const int thread = slot.thread.load();
        if (slot.state.load() != ChannelSlot::Busy || thread == 0) continue;
        if (raw_syscall(SYS_tgkill, mine.owner.load(), thread, 0) != -ESRCH) continue;
        int expected = thread;
        if (!slot.thread.compare_exchange_strong(expected, 0)) continue;
        drop_pooled(slot);
        slot.state.store(ChannelSlot::Empty);
    }
}

/// A slot of the pool that is this call's now, with or without a channel in it; null: all are busy.
ChannelSlot* check_out(Pool& mine, int thread, uintptr_t frame) {
    sweep_abandoned(mine, thread, frame);
    for (int round = 0; round < 2; round++) {
        for (const uint32_t wanted : {ChannelSlot::Idle, ChannelSlot::Empty}) {
            for (ChannelSlot& slot : mine.slots) {
                if (slot.state.load() == wanted && take(slot, wanted, thread, frame)) return &slot;
            }
        }
        sweep_dead_threads(mine);
    }
    return nullptr;
}

ChannelSlot* find_own(int fd) {
    Pool* mine = shared_pool.load(std::memory_order_acquire);
    if (!mine || fd < 0) return nullptr;
    for (ChannelSlot& slot : mine->slots) {
        if (slot.cookie.load() != 0 && slot.fd.load() == fd) return &slot;
    }
    return nullptr;
}

}  // namespace

Channel::Channel(const void* frame) {
    if (!board()) return;
    Pool* mine = own_pool();
    ChannelSlot* slot =
        mine ? check_out(*mine, thread_id(), reinterpret_cast<uintptr_t>(frame)) : nullptr;
    if (!slot) {
        error_ = connect(temporary_);
        if (error_ == 0) slot_ = &temporary_;
        return;
    }
    const uint64_t cookie = slot->cookie.load();
    if (cookie != 0 && cookie_of(slot->fd.load()) == cookie) {
        slot_ = slot;
        return;
    }
    slot->cookie.store(0);  // the application has closed it, or reused its number
    error_ = connect(*slot);
    if (error_ == 0) {
        remember(*slot);
        slot_ = slot;
        return;
    }
    slot->thread.store(0);
    slot->state.store(ChannelSlot::Empty);
}

Channel::~Channel() {
    if (!slot_) return;
    if (slot_ == &temporary_) {
        drop(temporary_);
        return;
    }
    if (broken_) drop_pooled(*slot_);
    slot_->thread.store(0);
    slot_->state.store(broken_ ? ChannelSlot::Empty : ChannelSlot::Idle);
}

void close_idle_channels() {
    Pool* mine = own_pool();
    if (!mine) return;
    const auto frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    for (ChannelSlot& slot : mine->slots) {
        if (!take(slot, ChannelSlot::Idle, thread_id(), frame)) continue;
        drop_pooled(slot);
        slot.thread.store(0);
        slot.state.store(ChannelSlot::Empty);
    }
}

void close_inherited_channels() {
    for (Inherited& channel : inherited) {
        const uint64_t cookie = channel.cookie.exchange(0);
        const int fd = channel.fd.load();
        if (cookie != 0 && cookie_of(fd) == cookie) close_fd(fd);
    }
}

bool is_own_channel(int fd) {
    const ChannelSlot* slot = find_own(fd);
    return slot && cookie_of(fd) == slot->cookie.load();
}

void move_own_channel(int fd) {
    ChannelSlot* slot = find_own(fd);
    if (!slot || cookie_of(fd) != slot->cookie.load()) return;
    // A vfork child has descriptors of its own and only borrows our memory: it may overwrite.
    if (shared_pool.load()->owner.load() != process_id()) return;
    const long moved = raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, fd + 1);
    if (moved < 0) return;
    slot->fd.store(static_cast<int>(moved));
    remember(*slot);
}

int next_own_channel(int fd) {
    Pool* mine = shared_pool.load(std::memory_order_acquire);
    if (!mine) return -1;
    int next = -1;
    for (const ChannelSlot& slot : mine->slots) {
        if (slot.cookie.load() == 0) continue;
        const int number = slot.fd.load();
        if (number < fd || (next >= 0 && number >= next)) continue;
        if (cookie_of(number) == slot.cookie.load()) next = number;
    }
    return next;
}

}  // namespace plugboard::shim
