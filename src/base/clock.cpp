#include "base/clock.h"

#include <algorithm>

namespace plugboard {
namespace {

class RealClock final : public Clock {
  public:
    Time now() const override { return std::chrono::steady_clock::now(); }
    std::optional<Nanos> real_time_until(Time deadline) const override {
        return std::max(Nanos(0), deadline - now());
    }
    void watch(Waker&) override {}
    void unwatch(Waker&) override {}
};

}  // namespace

Clock& Clock::real() {
    static RealClock clock;
    return clock;
}

Time FakeClock::now() const {
    MutexLock lock(mutex_);
    return now_;
}

std::optional<Nanos> FakeClock::real_time_until(Time deadline) const {
    if (now() >= deadline) return Nanos(0);
    return std::nullopt;
}

void FakeClock::watch(Waker& waker) {
    MutexLock lock(mutex_);
    watchers_.insert(&waker);
}

void FakeClock::unwatch(Waker& waker) {
    MutexLock lock(mutex_);
    watchers_.erase(watchers_.find(&waker));
}

void FakeClock::advance(Nanos duration) {
    MutexLock lock(mutex_);
    now_ += duration;
    for (Waker* waker : watchers_) waker->wake();
}

}  // namespace plugboard
