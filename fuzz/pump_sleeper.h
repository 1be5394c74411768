// For fuzzers: the sleep of a caller who is alone, so that the time goes on while he sleeps.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/wait.h"

namespace plugboard::fuzz {

/// Moves the clock on by a step whenever the others have had some real time and have not woken it.
/// A sleep that would last longer than `patience` of the clock's time is interrupted.
class PumpSleeper final : public Sleeper {
  public:
    PumpSleeper(FakeClock& clock, Nanos step) : clock_(clock), step_(step) {}

    void wake() override {
        const std::lock_guard lock(mutex_);
        is_woken_ = true;
        cond_.notify_all();
    }

    Wakeup sleep(std::optional<Time> deadline, Interrupts interrupts) override {
        const Time start = clock_.now();
        std::unique_lock lock(mutex_);
        for (;;) {
            if (cond_.wait_for(lock, turn, [&] { return is_woken_; })) {
                is_woken_ = false;
                return Wakeup::Woken;
            }
            if (deadline && clock_.now() >= *deadline) return Wakeup::Deadline;
            if (interrupts == Interrupts::Allowed && clock_.now() - start > patience)
                return Wakeup::Interrupted;
            lock.unlock();
            clock_.advance(step_);
            lock.lock();
        }
    }

  private:
    static constexpr auto turn = std::chrono::microseconds(200);
    static constexpr Nanos patience = std::chrono::milliseconds(500);

    FakeClock& clock_;
    const Nanos step_;
    std::mutex mutex_;
    std::condition_variable cond_;
    bool is_woken_ = false;
};

}  // namespace plugboard::fuzz
