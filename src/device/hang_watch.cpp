#include "device/hang_watch.h"

#include <utility>

#include "base/log.h"

namespace plugboard::device {

HangWatch::HangWatch(Clock& clock, std::string who, std::function<std::string()> describe)
    : clock_(clock), who_(std::move(who)), describe_(std::move(describe)), since_(clock.now()) {
    if (auto thread = Thread::start([this] { watch(); }); thread.ok()) thread_ = *std::move(thread);
}

HangWatch::~HangWatch() {
    is_over_ = true;
    over_.wake_all();
    thread_.join();
}

void HangWatch::watch() {
    ThreadSleeper sleeper(clock_);
    const auto is_over = [this] { return is_over_.load(); };
    for (Nanos patience = std::chrono::seconds(2);; patience *= 2) {
        if (wait_until(sleeper, over_, is_over, since_ + patience) == Wakeup::Woken) return;
        log::error("{} waits for: {}", who_, describe_());
    }
}

}  // namespace plugboard::device
