#include "daemon/session/channel_sleeper.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace plugboard::daemon {

Result<UniqueFd> ChannelSleeper::make_event() {
    UniqueFd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event.is_open()) return last_error();
    return event;
}

ChannelSleeper::ChannelSleeper(transport::Channel& channel, UniqueFd event, Clock& clock)
    : channel_(channel), clock_(clock), event_(std::move(event)) {
    clock_.watch(*this);
}

ChannelSleeper::~ChannelSleeper() {
    clock_.unwatch(*this);
}

void ChannelSleeper::wake() {
    if (woken_.exchange(true)) return;
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event_.borrow(), &one, sizeof one);
}

Wakeup ChannelSleeper::sleep(std::optional<Time> deadline, Interrupts interrupts) {
    for (;;) {
        if (woken_.exchange(false)) return Wakeup::Woken;
        std::optional<Nanos> left;
        if (deadline) left = clock_.real_time_until(*deadline);
        if (left && left->count() == 0) return Wakeup::Deadline;
        if (interrupts == Interrupts::Allowed && channel_.is_cancelled(sequence_))
            return Wakeup::Interrupted;
        wait_for_something(left, interrupts);
    }
}

void ChannelSleeper::wait_for_something(std::optional<Nanos> left, Interrupts interrupts) {
    // A negative number is skipped: a channel that hung up would otherwise make this spin.
    const int channel = interrupts == Interrupts::Allowed ? channel_.poll_fd() : -1;
    std::array<pollfd, 2> ready{pollfd{event_.borrow(), POLLIN, 0}, pollfd{channel, POLLIN, 0}};
    timespec timeout{};
    if (left) {
        timeout.tv_sec = static_cast<time_t>(left->count() / 1'000'000'000);
        timeout.tv_nsec = static_cast<long>(left->count() % 1'000'000'000);
    }
    if (ppoll(ready.data(), ready.size(), left ? &timeout : nullptr, nullptr) <= 0) return;
    if (ready[0].revents) {
        uint64_t count = 0;
        [[maybe_unused]] const ssize_t size = ::read(event_.borrow(), &count, sizeof count);
    }
    if (ready[1].revents) channel_.look_for_cancel(sequence_);
}

}  // namespace plugboard::daemon
