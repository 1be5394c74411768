// select(2) of buffers among other descriptors: a poll of those that are in the sets.
#include <poll.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>

#include "shim/buffer_wait.h"
#include "shim/buffers.h"
#include "shim/descriptors.h"
#include "shim/result.h"
#include "shim/syscalls.h"

namespace plugboard::shim {
namespace {

constexpr size_t word_bits = 64;
constexpr int most = 1 << 20;  // no process has a number beyond, unless its administrator says so

/// What is asked of the descriptors in each set, and what makes them ready.
/// Linux: fs/select.c, POLLIN_SET, POLLOUT_SET, POLLEX_SET
constexpr std::array<short, 3> asked = {POLLIN | POLLRDNORM | POLLRDBAND,
                                        POLLOUT | POLLWRNORM | POLLWRBAND, POLLPRI};
constexpr std::array<short, 3> answers = {asked[0] | POLLHUP | POLLERR | POLLNVAL,
                                          asked[1] | POLLERR | POLLNVAL, asked[2] | POLLNVAL};

bool is_in(const unsigned long* set, size_t fd) {
    return set && (set[fd / word_bits] >> (fd % word_bits) & 1) != 0;
}

void put(unsigned long* set, size_t fd, bool is_in) {
    const unsigned long bit = 1ul << (fd % word_bits);
    set[fd / word_bits] = is_in ? set[fd / word_bits] | bit : set[fd / word_bits] & ~bit;
}

/// One that has been left out of the poll is a negative number.
size_t number_of(const pollfd& entry) {
    return static_cast<size_t>(entry.fd < 0 ? ~entry.fd : entry.fd);
}

bool is_open(size_t fd) {
    return raw_syscall(SYS_fcntl, fd, F_GETFD) >= 0;
}

}  // namespace

SelectSets::SelectSets(int count, fd_set* read, fd_set* write, fd_set* except)
    : words_((static_cast<size_t>(std::clamp(count, 0, most)) + word_bits - 1) / word_bits),
      room_(3 * words_) {
    if (!room_.all()) return;
    const std::array<fd_set*, 3> seen = {read, write, except};
    for (size_t i = 0; i < seen.size(); i++) {
        Word* const given = room_.all() + i * words_;
        // The kernel looks at no more than the process has room for: there may be less.
        if (seen[i]) copy_readable(seen[i], given, words_ * sizeof(Word));
        sets_[i] = {reinterpret_cast<Word*>(seen[i]), given};
    }
}

/// Of each number that is in a set.
template <class Do>
void SelectSets::for_each(Do to_do) const {
    for (size_t word = 0; word < words_; word++) {
        Word rest = 0;
        for (const Set& set : sets_) rest |= set.given ? set.given[word] : 0;
        for (; rest != 0; rest &= rest - 1)
            to_do(word * word_bits + static_cast<size_t>(std::countr_zero(rest)));
    }
}

bool SelectSets::has_ready_buffer() const {
    bool has = false;
    for_each([&](size_t fd) {
        const bool is_ready = std::any_of(sets_.begin(), sets_.end(), [fd](const Set& set) {
            return is_in(set.given, fd) && is_in(set.seen, fd);
        });
        has = has || (is_ready && is_buffer(static_cast<int>(fd)));
    });
    return has;
}

/// What select(2) has been asked, and has said so far; how many that are.
nfds_t SelectSets::list(pollfd* fds) const {
    nfds_t count = 0;
    for_each([&](size_t fd) {
        // Numbers beyond those that the kernel looks at may be anything.
        if (!is_open(fd)) return;
        pollfd& entry = fds[count++];
        entry = {static_cast<int>(fd), 0, 0};
        for (size_t i = 0; i < sets_.size(); i++) {
            if (!is_in(sets_[i].given, fd)) continue;
            entry.events = static_cast<short>(entry.events | asked[i]);
            if (is_in(sets_[i].seen, fd))
                entry.revents = static_cast<short>(entry.revents | asked[i]);
        }
    });
    return count;
}

/// Fills the caller's sets; how much is in them.
int SelectSets::tell(const pollfd* fds, nfds_t count) const {
    int ready = 0;
    for (nfds_t entry = 0; entry < count; entry++) {
        const size_t fd = number_of(fds[entry]);
        for (size_t i = 0; i < sets_.size(); i++) {
            if (!is_in(sets_[i].given, fd)) continue;
            const bool is_ready = (fds[entry].revents & answers[i]) != 0;
            put(sets_[i].seen, fd, is_ready);
            ready += is_ready;
        }
    }
    return ready;
}

/// An error leaves the sets as they were.
void SelectSets::tell_what_was_given() const {
    for_each([&](size_t fd) {
        for (const Set& set : sets_) {
            if (is_in(set.given, fd)) put(set.seen, fd, true);
        }
    });
}

int SelectSets::select_buffers(const timespec* timeout, const sigset_t* mask, timespec& left) {
    Deadline deadline(timeout);
    nfds_t count = 0;
    for_each([&](size_t) { count++; });
    BufferWait wait(nullptr, count);
    pollfd* const fds = wait.fds();
    if (fds) wait.set_count(count = list(fds));
    long found = -ENOMEM;
    while (fds) {
        found = wait.wait(deadline, mask);
        if (found <= 0) break;
        found = tell(fds, count);
        if (found > 0) break;
        // A hang-up, of which only poll(2) tells: it is the last that such a descriptor says.
        for (nfds_t i = 0; i < count; i++) {
            if (fds[i].revents != 0 && fds[i].fd >= 0) fds[i].fd = ~fds[i].fd;
            fds[i].revents = 0;
        }
    }
    if (found == 0) tell(fds, count);
    if (found < 0) tell_what_was_given();
    if (const timespec* rest = deadline.left()) left = *rest;
    wait.end();
    return finish(found);
}

}  // namespace plugboard::shim
