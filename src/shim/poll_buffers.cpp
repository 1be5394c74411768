// poll(2) and select(2) of buffers among other descriptors: each buffer that is not ready is waited
// for by a descriptor of the daemon's.
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <new>

#include "shim/buffers.h"
#include "shim/descriptors.h"
#include "shim/forward.h"
#include "shim/real.h"
#include "shim/result.h"
#include "shim/syscalls.h"

namespace plugboard::shim {
namespace {

constexpr short asked_of_buffers = POLLIN | POLLOUT;
constexpr int is_a_buffer = -2;  // in place of its number, which the kernel then passes over
constexpr nfds_t most_descriptors = 1u << 20;
constexpr int64_t second = 1'000'000'000;

/// Room for descriptors, on the stack for a few.
class Entries {
  public:
    explicit Entries(size_t count) {
        if (count <= few_) return;
        const long memory =
            raw_syscall(SYS_mmap, nullptr, count * sizeof(pollfd), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0l);
        if (memory < 0 && memory > -4096) {
            all_ = nullptr;
            return;
        }
        all_ = reinterpret_cast<pollfd*>(memory);
        mapped_ = count * sizeof(pollfd);
    }
    ~Entries() {
        if (mapped_ != 0) raw_syscall(SYS_munmap, all_, mapped_);
    }
    Entries(const Entries&) = delete;
    Entries& operator=(const Entries&) = delete;

    bool has_room() const { return all_ != nullptr; }
    pollfd* all() { return all_; }

  private:
    static constexpr size_t few_ = 32;
    pollfd stack_[few_];
    pollfd* all_ = stack_;
    size_t mapped_ = 0;
};

/// The time that is left of a timeout.
class Deadline {
  public:
    explicit Deadline(const timespec* timeout) : is_set_(timeout != nullptr) {
        if (!is_set_) return;
        const int64_t seconds = std::min<int64_t>(timeout->tv_sec, INT32_MAX);
        end_ = now() + seconds * second + timeout->tv_nsec;
    }
    /// Null: none.
    const timespec* left() {
        if (!is_set_) return nullptr;
        const int64_t left = std::max<int64_t>(0, end_ - now());
        left_ = {.tv_sec = left / second, .tv_nsec = left % second};
        return &left_;
    }

  private:
    static int64_t now() {
        timespec time{};
        raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
        return time.tv_sec * second + time.tv_nsec;
    }
    const bool is_set_;
    int64_t end_ = 0;
    timespec left_{};
};

bool is_asked(const pollfd& entry) {
    return (entry.events & asked_of_buffers) != 0 && is_buffer(entry.fd);
}

void close_later(const pollfd* entries, nfds_t from, nfds_t to) {
    const int error = errno;
    for (nfds_t i = from; i < to; i++) close_fd(entries[i].fd);
    errno = error;
}

/// Asks the daemon for each buffer. `total` grows by a descriptor for each that is waited for; a
/// buffer's entry has what is ready in `events`. The number of buffers that are ready, or minus an
/// errno.
long ask_for_buffers(pollfd* entries, nfds_t count, nfds_t& total) {
    long ready = 0;
    for (nfds_t i = 0; i < count; i++) {
        pollfd& entry = entries[i];
        if (!is_asked(entry)) continue;
        BufferReadiness state;
        const long asked = poll_buffer(entry.fd, entry.events, false, state);
        if (asked == -ENOMEM || asked == -EMFILE || asked == -ENFILE) return -ENOMEM;
        // What no daemon knows is memory like any other.
        if (asked < 0) state.ready = entry.events & asked_of_buffers;
        if (state.later >= 0) entries[total++] = {state.later, entry.events, 0};
        entry.fd = is_a_buffer;
        entry.events = static_cast<short>(state.ready);
        ready += state.ready != 0;
    }
    return ready;
}

int give_results(const pollfd* entries, pollfd* fds, nfds_t count) {
    int ready = 0;
    for (nfds_t i = 0; i < count; i++) {
        fds[i].revents = entries[i].fd == is_a_buffer ? entries[i].events : entries[i].revents;
        ready += fds[i].revents != 0;
    }
    return ready;
}

bool has_event(const pollfd* entries, nfds_t from, nfds_t to) {
    return std::any_of(entries + from, entries + to,
                       [](const pollfd& entry) { return entry.revents != 0; });
}

}  // namespace

bool asks_a_buffer(const pollfd* fds, nfds_t count) {
    if (count > most_descriptors) return false;
    constexpr nfds_t at_once = 32;
    pollfd entries[at_once];
    for (nfds_t done = 0; done < count; done += at_once) {
        const nfds_t part = std::min(at_once, count - done);
        if (!copy_from(fds + done, entries, part * sizeof(pollfd))) return false;
        if (std::any_of(entries, entries + part, is_asked)) return true;
    }
    return false;
}

int poll_buffers(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask) {
    Entries room(2 * count);
    if (!room.has_room()) return finish(-ENOMEM);
    pollfd* const entries = room.all();
    Deadline deadline(timeout);
    for (;;) {
        std::copy_n(fds, count, entries);
        nfds_t total = count;
        const long ready = ask_for_buffers(entries, count, total);
        if (ready < 0) {
            close_later(entries, count, total);
            return finish(ready);
        }
        constexpr timespec at_once{};
        const int found = real<"ppoll", decltype(::ppoll)>()(
            entries, total, ready > 0 ? &at_once : deadline.left(), mask);
        close_later(entries, count, total);
        if (found < 0) return found;
        if (ready > 0 || has_event(entries, 0, count) || found == 0)
            return give_results(entries, fds, count);
        // A buffer's fences have signalled; by now it may have others.
    }
}

namespace {

bool is_in(const fd_set& set, int fd) {
    return FD_ISSET(fd, &set) != 0;
}

/// What a pointer of the caller's points at; an empty one for none. False: it cannot be read.
bool copy_set(const fd_set* from, int count, fd_set& to) {
    FD_ZERO(&to);
    const size_t words = (static_cast<size_t>(count) + 63) / 64;
    return !from || words == 0 || copy_from(from, &to, words * sizeof(long));
}

/// Each descriptor of the sets once; their number.
nfds_t entries_of(int count, const SelectSets& sets, pollfd* entries) {
    nfds_t size = 0;
    for (int fd = 0; fd < count; fd++) {
        short events = 0;
        if (sets.read && is_in(*sets.read, fd)) events |= POLLIN;
        if (sets.write && is_in(*sets.write, fd)) events |= POLLOUT;
        if (sets.except && is_in(*sets.except, fd)) events |= POLLPRI;
        if (events != 0) entries[size++] = {fd, events, 0};
    }
    return size;
}

/// Leaves in the set what has one of the events. Linux: fs/select.c, POLLIN_SET and the like
int keep_ready(fd_set* set, short asked, short events, const pollfd* entries, nfds_t count) {
    if (!set) return 0;
    int ready = 0;
    for (nfds_t i = 0; i < count; i++) {
        if (!(entries[i].events & asked)) continue;
        if (entries[i].revents & events) {
            ready++;
        } else {
            FD_CLR(entries[i].fd, set);
        }
    }
    return ready;
}

}  // namespace

bool asks_a_buffer(int count, const SelectSets& sets) {
    fd_set read, write;
    if (count > FD_SETSIZE || !copy_set(sets.read, count, read) ||
        !copy_set(sets.write, count, write))
        return false;
    for (int fd = 0; fd < count; fd++) {
        if ((is_in(read, fd) || is_in(write, fd)) && is_buffer(fd)) return true;
    }
    return false;
}

int select_buffers(int count, const SelectSets& sets, const timespec* timeout,
                   const sigset_t* mask) {
    Entries room(static_cast<size_t>(count));
    if (!room.has_room()) return finish(-ENOMEM);
    pollfd* const entries = room.all();
    const nfds_t size = entries_of(count, sets, entries);
    if (poll_buffers(entries, size, timeout, mask) < 0) return -1;
    if (std::any_of(entries, entries + size,
                    [](const pollfd& entry) { return (entry.revents & POLLNVAL) != 0; }))
        return finish(-EBADF);
    return keep_ready(sets.read, POLLIN, POLLIN | POLLRDNORM | POLLHUP | POLLERR, entries, size) +
           keep_ready(sets.write, POLLOUT, POLLOUT | POLLWRNORM | POLLERR, entries, size) +
           keep_ready(sets.except, POLLPRI, POLLPRI, entries, size);
}

}  // namespace plugboard::shim
