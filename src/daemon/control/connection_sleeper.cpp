#include "daemon/control/connection_sleeper.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <array>

namespace plugboard::daemon {

Result<UniqueFd> ConnectionSleeper::make_event() {
    UniqueFd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event.is_open()) return last_error();
    return event;
}

ConnectionSleeper::ConnectionSleeper(int socket, int event, Clock& clock)
    : socket_(socket), clock_(clock), event_(event) {
    clock_.watch(*this);
}

ConnectionSleeper::~ConnectionSleeper() {
    clock_.unwatch(*this);
}

void ConnectionSleeper::wake() {
    if (woken_.exchange(true)) return;
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event_, &one, sizeof one);
}

Wakeup ConnectionSleeper::sleep(std::optional<Time> deadline, Interrupts) {
    for (;;) {
        std::optional<Nanos> left;
        if (deadline) left = clock_.real_time_until(*deadline);
        if (left && left->count() == 0 && !woken_) return Wakeup::Deadline;
        timespec timeout{};
        if (left) {
            timeout.tv_sec = static_cast<time_t>(left->count() / 1'000'000'000);
            timeout.tv_nsec = static_cast<long>(left->count() % 1'000'000'000);
        }
        std::array<pollfd, 2> ready{pollfd{event_, POLLIN, 0}, pollfd{socket_, POLLRDHUP, 0}};
        if (ppoll(ready.data(), ready.size(), left ? &timeout : nullptr, nullptr) < 0) continue;
        if (ready[1].revents != 0) return Wakeup::Interrupted;
        if (ready[0].revents == 0) continue;
        uint64_t count = 0;
        [[maybe_unused]] const ssize_t size = ::read(event_, &count, sizeof count);
        if (woken_.exchange(false)) return Wakeup::Woken;
    }
}

}  // namespace plugboard::daemon
