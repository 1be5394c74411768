#include "shim/buffer_wait.h"

#include <algorithm>
#include <cerrno>

#include "shim/cancellation.h"
#include "shim/descriptors.h"
#include "shim/forward.h"
#include "shim/real.h"

namespace plugboard::shim {
namespace {

constexpr short asked_of_buffers = POLLIN | POLLOUT;

}  // namespace

BufferWait::BufferWait(pollfd* fds, nfds_t count)
    : count_(count),
      own_(fds ? 0 : count),
      waited_(count),
      stand_ins_(count),
      fds_(fds ? fds : own_.all()),
      has_room_(fds_ && waited_.all() && stand_ins_.all()) {
    close_abandoned_stand_ins(this);
}

void BufferWait::end() {
    if (is_ended_) return;
    is_ended_ = true;
    if (has_room_) close_stand_ins();
    own_.give_back();
    waited_.give_back();
    stand_ins_.give_back();
    signals_.release();
}

long BufferWait::wait(Deadline& deadline, const sigset_t* mask) {
    const sigset_t& asleep = mask ? *mask : signals_.before();
    for (;;) {
        look();
        const long error = ask(!deadline.is_over(), asleep);
        const int ready = count_ready();
        // A handler has run: whoever looks for what it did is told so.
        if (error == -EINTR || (error < 0 && ready == 0)) return error;
        const long found = ready == 0 ? sleep(deadline.left(), asleep) : 0;
        close_stand_ins();
        if (found <= 0) return found < 0 ? found : ready;
        // A buffer may be ready now, or have another fence by now.
    }
}

void BufferWait::look() {
    for (nfds_t i = 0; i < count_; i++) {
        pollfd& waited = waited_.all()[i] = {fds_[i].fd, fds_[i].events, 0};
        if (!is_buffer(fds_[i].fd)) continue;
        waited.fd = -1;
        fds_[i].revents = 0;
    }
}

long BufferWait::ask(bool may_sleep, const sigset_t& mask) {
    using transport::WantsDescriptor;
    long result = 0;
    may_sleep = may_sleep && count_ready() == 0;
    for (nfds_t i = 0; i < count_; i++) {
        pollfd& waited = waited_.all()[i];
        const auto asked = static_cast<short>(waited.events & asked_of_buffers);
        if (waited.fd >= 0 || fds_[i].fd < 0 || asked == 0) continue;
        BufferReadiness state;
        const auto wants = may_sleep ? WantsDescriptor::IfPending : WantsDescriptor::Never;
        const long error = poll_buffer(fds_[i].fd, asked, wants, &mask, state);
        if (state.is_interrupted) result = -EINTR;
        if (error == -ENOMEM || error == -EMFILE || error == -ENFILE) {
            if (result == 0) result = -ENOMEM;
            continue;
        }
        // What no daemon knows is memory like any other.
        fds_[i].revents = error < 0 ? asked : static_cast<short>(state.ready);
        may_sleep = may_sleep && fds_[i].revents == 0;
        if (state.later < 0) continue;
        stand_ins_.all()[i] = keep_stand_in(state.later, this);
        waited = {state.later, asked, 0};
    }
    return result;
}

long BufferWait::sleep(const timespec* left, const sigset_t& mask) {
    const int saved = errno;
    const auto real_ppoll = real<"ppoll", decltype(::ppoll)>();
    pollfd* const waited = waited_.all();
    long found = call_cancellably([&] { return real_ppoll(waited, count_, left, &mask); },
                                  [this] { end(); });
    if (found < 0) {
        found = -errno;
        errno = saved;
    }
    for (nfds_t i = 0; i < count_; i++) {
        const bool is_buffer = stand_ins_.all()[i].cookie != 0;
        fds_[i].revents = found > 0 && !is_buffer ? waited[i].revents : short{0};
    }
    return found;
}

int BufferWait::count_ready() const {
    return static_cast<int>(
        std::count_if(fds_, fds_ + count_, [](const pollfd& fd) { return fd.revents != 0; }));
}

void BufferWait::close_stand_ins() {
    for (nfds_t i = 0; i < count_; i++) close_stand_in(stand_ins_.all()[i]);
}

}  // namespace plugboard::shim
