// poll(2) of buffers among other descriptors: each that is not ready is waited for by a descriptor
// of the daemon's.
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "shim/buffers.h"
#include "shim/deadline.h"
#include "shim/descriptors.h"
#include "shim/forward.h"
#include "shim/result.h"
#include "shim/syscalls.h"

namespace plugboard::shim {
namespace {

constexpr short asked_of_buffers = POLLIN | POLLOUT;
constexpr size_t mask_size = 8;  // of the kernel's sigset_t

/// Room for descriptors, on the stack for a few.
class Entries {
  public:
    explicit Entries(size_t count) {
        if (count <= few_) return;
        const size_t size = count * sizeof(pollfd);
        const long memory = raw_syscall(SYS_mmap, nullptr, size, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0l);
        if (memory < 0 && memory > -4096) {
            all_ = nullptr;
            return;
        }
        all_ = reinterpret_cast<pollfd*>(memory);
        mapped_ = size;
    }
    ~Entries() {
        if (mapped_ != 0) raw_syscall(SYS_munmap, all_, mapped_);
    }
    Entries(const Entries&) = delete;
    Entries& operator=(const Entries&) = delete;

    /// Null: there is no memory.
    pollfd* all() { return all_; }

  private:
    static constexpr size_t few_ = 32;
    pollfd stack_[few_];
    pollfd* all_ = stack_;
    size_t mapped_ = 0;
};

/// What a ready file says that is none of the descriptors' kinds that poll has to be asked about.
bool is_ready_buffer(const pollfd& entry) {
    return (entry.revents & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)) != 0 &&
           is_buffer(entry.fd);
}

/// Puts what the daemon knows of the buffers into `fds`, and what is waited for instead of them
/// into `entries`, whose other numbers are negative. 0 or minus an errno.
long ask_for_buffers(pollfd* fds, pollfd* entries, nfds_t count) {
    for (nfds_t i = 0; i < count; i++) {
        entries[i] = {-1, fds[i].events, 0};
        if (!is_buffer(fds[i].fd)) continue;
        const auto asked = static_cast<short>(fds[i].events & asked_of_buffers);
        BufferReadiness state;
        const long error = asked == 0 ? 0 : poll_buffer(fds[i].fd, asked, false, state);
        if (error == -ENOMEM || error == -EMFILE || error == -ENFILE) return -ENOMEM;
        // What no daemon knows is memory like any other.
        fds[i].revents = error < 0 ? asked : static_cast<short>(state.ready);
        entries[i].fd = state.later;
    }
    return 0;
}

int count_ready(const pollfd* fds, nfds_t count) {
    return static_cast<int>(
        std::count_if(fds, fds + count, [](const pollfd& entry) { return entry.revents != 0; }));
}

void close_all(const pollfd* entries, nfds_t count) {
    for (nfds_t i = 0; i < count; i++) {
        if (entries[i].fd >= 0) close_fd(entries[i].fd);
    }
}

/// Waits for what stands for the buffers, and for all others. As ppoll(2), or minus an errno.
long wait_for_entries(pollfd* fds, const pollfd* instead, pollfd* entries, nfds_t count,
                      timespec* left, const sigset_t* mask) {
    for (nfds_t i = 0; i < count; i++) {
        entries[i] = instead[i];
        if (instead[i].fd < 0 && !is_buffer(fds[i].fd)) entries[i].fd = fds[i].fd;
    }
    const long found = raw_syscall(SYS_ppoll, entries, count, left, mask, mask_size);
    for (nfds_t i = 0; i < count; i++) {
        const bool is_other = found > 0 && instead[i].fd < 0;
        fds[i].revents = is_other ? entries[i].revents : short{0};
    }
    return found;
}

}  // namespace

bool has_ready_buffer(const pollfd* fds, nfds_t count) {
    return std::any_of(fds, fds + count, is_ready_buffer);
}

int poll_buffers(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask) {
    Entries stand_ins(count), waited(count);
    pollfd* const instead = stand_ins.all();
    if (!instead || !waited.all()) return finish(-ENOMEM);
    Deadline deadline(timeout);
    for (;;) {
        long result = ask_for_buffers(fds, instead, count);
        const int ready = count_ready(fds, count);
        if (result == 0 && ready == 0)
            result = wait_for_entries(fds, instead, waited.all(), count, deadline.left(), mask);
        close_all(instead, count);
        if (result < 0) return finish(result);
        if (ready > 0 || result == 0) return ready;
        // A buffer may be ready now, or have another fence by now.
    }
}

}  // namespace plugboard::shim
