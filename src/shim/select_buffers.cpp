// select(2) of buffers among other descriptors.
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "shim/buffers.h"
#include "shim/deadline.h"
#include "shim/descriptors.h"
#include "shim/forward.h"
#include "shim/result.h"
#include "shim/syscalls.h"

namespace plugboard::shim {
namespace {

constexpr size_t word_bits = 64;

bool is_in(const fd_set& set, int fd) {
    return FD_ISSET(fd, &set) != 0;
}

/// What a pointer of the caller's points at; an empty one for none. False: it cannot be read.
bool copy_set(const fd_set* from, int count, fd_set& to) {
    FD_ZERO(&to);
    const size_t words = (static_cast<size_t>(count) + word_bits - 1) / word_bits;
    return !from || copy_from(from, &to, words * sizeof(long));
}

/// Gives back the first `count`; their number.
int give_set(const fd_set& from, int count, fd_set* to) {
    int given = 0;
    for (int fd = 0; to && fd < count; fd++) {
        if (is_in(from, fd)) {
            FD_SET(fd, to);
            given++;
        } else {
            FD_CLR(fd, to);
        }
    }
    return given;
}

/// A set that has room for the daemon's descriptors, whatever their numbers.
class Numbers {
  public:
    static constexpr int most = 8192;
    void add(int fd) { words_[index(fd)] |= bit(fd); }
    bool has(int fd) const { return (words_[index(fd)] & bit(fd)) != 0; }
    void add_all(const fd_set& set, int count) {
        for (int fd = 0; fd < count; fd++) {
            if (is_in(set, fd)) add(fd);
        }
    }
    void* words() { return words_.data(); }

  private:
    static size_t index(int fd) { return static_cast<size_t>(fd) / word_bits; }
    static unsigned long bit(int fd) { return 1ul << (static_cast<size_t>(fd) % word_bits); }
    std::array<unsigned long, most / word_bits> words_{};
};

/// The descriptors that buffers are waited for with.
struct StandIns {
    static constexpr size_t most = 64;
    std::array<int, most> all{};
    size_t count = 0;
    int above = 0;  // all numbers
    Numbers read, write;

    bool add(int fd, int events) {
        if (count == most || fd >= Numbers::most) {
            close_fd(fd);
            return false;
        }
        all[count++] = fd;
        above = std::max(above, fd + 1);
        if (events & POLLIN) read.add(fd);
        if (events & POLLOUT) write.add(fd);
        return true;
    }
    ~StandIns() {
        for (size_t i = 0; i < count; i++) close_fd(all[i]);
    }
};

}  // namespace

SelectSets::SelectSets(int count, fd_set* read, fd_set* write, fd_set* except)
    : count_(count),
      read_(read),
      write_(write),
      except_(except),
      is_known_(count > 0 && count <= FD_SETSIZE && copy_set(read, count, given_.read) &&
                copy_set(write, count, given_.write) && copy_set(except, count, given_.except)) {}

bool SelectSets::has_ready_buffer() const {
    if (!is_known_) return false;
    for (int fd = 0; fd < count_; fd++) {
        const bool is_ready = (read_ && is_in(*read_, fd)) || (write_ && is_in(*write_, fd));
        if (is_ready && is_buffer(fd)) return true;
    }
    return false;
}

/// Takes the buffers out of `others`, and puts those that are ready into `ready`. 0 or minus an
/// errno.
static long ask_for_buffers(int count, SelectSets::Sets& ready, SelectSets::Sets& others,
                            StandIns& stand_ins) {
    for (int fd = 0; fd < count; fd++) {
        const int asked =
            (is_in(others.read, fd) ? POLLIN : 0) | (is_in(others.write, fd) ? POLLOUT : 0);
        if ((asked == 0 && !is_in(others.except, fd)) || !is_buffer(fd)) continue;
        FD_CLR(fd, &others.read);
        FD_CLR(fd, &others.write);
        FD_CLR(fd, &others.except);
        BufferReadiness state;
        const long error = asked == 0 ? 0 : poll_buffer(fd, asked, false, state);
        if (error == -ENOMEM || error == -EMFILE || error == -ENFILE) return -ENOMEM;
        if (error < 0) state.ready = asked;  // what no daemon knows is memory like any other
        if (state.ready & POLLIN) FD_SET(fd, &ready.read);
        if (state.ready & POLLOUT) FD_SET(fd, &ready.write);
        if (state.later >= 0 && !stand_ins.add(state.later, asked)) return -ENOMEM;
    }
    return 0;
}

int SelectSets::select_buffers(const timespec* timeout, const sigset_t* mask, timespec& left) {
    Deadline deadline(timeout);
    for (;;) {
        Sets ready{}, others = given_;
        StandIns stand_ins;
        if (const long error = ask_for_buffers(count_, ready, others, stand_ins); error < 0)
            return finish(error);
        const bool is_one_ready = count_in(ready) > 0;
        stand_ins.read.add_all(others.read, count_);
        stand_ins.write.add_all(others.write, count_);
        Numbers except;
        except.add_all(others.except, count_);
        timespec at_once{};
        const struct {
            const sigset_t* mask;
            size_t size;
        } kernel_mask{is_one_ready ? nullptr : mask, sizeof(long)};
        const long found =
            raw_syscall(SYS_pselect6, std::max(count_, stand_ins.above), stand_ins.read.words(),
                        stand_ins.write.words(), except.words(),
                        is_one_ready ? &at_once : deadline.left(), &kernel_mask);
        if (found < 0) return finish(found);
        for (int fd = 0; fd < count_; fd++) {
            if (is_in(others.read, fd) && stand_ins.read.has(fd)) FD_SET(fd, &ready.read);
            if (is_in(others.write, fd) && stand_ins.write.has(fd)) FD_SET(fd, &ready.write);
            if (is_in(others.except, fd) && except.has(fd)) FD_SET(fd, &ready.except);
        }
        if (found > 0 && count_in(ready) == 0) continue;  // a buffer: it may have another fence
        if (const timespec* rest = deadline.left()) left = *rest;
        return give_set(ready.read, count_, read_) + give_set(ready.write, count_, write_) +
               give_set(ready.except, count_, except_);
    }
}

int SelectSets::count_in(const Sets& sets) const {
    int count = 0;
    for (int fd = 0; fd < count_; fd++)
        count += is_in(sets.read, fd) + is_in(sets.write, fd) + is_in(sets.except, fd);
    return count;
}

}  // namespace plugboard::shim
