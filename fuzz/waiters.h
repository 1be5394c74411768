// For fuzzers: calls that may sleep, each on a thread of its own, while the input goes on.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <future>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/wait.h"
#include "fuzz/input.h"
#include "tests/support/comes_true.h"
#include "tests/support/threads.h"

namespace plugboard::fuzz {

/// Used by one thread. No step of the input starts while a wait is on its way to sleep, so that an
/// input does the same each time.
class Waiters {
  public:
    static constexpr size_t most = 8;

    explicit Waiters(FakeClock& clock) : clock_(clock) {}
    ~Waiters() { expect_end("in the end"); }
    Waiters(const Waiters&) = delete;
    Waiters& operator=(const Waiters&) = delete;

    /// Has `call(sleeper)` run for the owner, whatever that is. When there are too many the oldest
    /// is interrupted.
    template <class Call>
    void start(const void* owner, Call call) {
        if (all_.size() == most) interrupt(all_.front());
        all_.remove_if([](const Waiter& waiter) { return is_ready(waiter.result); });
        Waiter& waiter = all_.emplace_back();
        waiter.owner = owner;
        waiter.sleeper = std::make_unique<WatchedSleeper>(clock_);
        waiter.result = std::async(std::launch::async, std::move(call), std::ref(*waiter.sleeper));
        settle();
    }
    /// Until each has ended or sleeps.
    void settle() {
        for (Waiter& waiter : all_) {
            if (!tests::comes_true([&] { return waiter.is_at_rest(); })) found("a wait spins");
        }
        all_.remove_if([](const Waiter& waiter) { return is_ready(waiter.result); });
    }
    /// Those of one owner, as a signal does; they must end.
    void interrupt(const void* owner) {
        for (Waiter& waiter : all_) {
            if (waiter.owner == owner) interrupt(waiter);
        }
        settle();
    }
    void interrupt_oldest() {
        if (!all_.empty()) interrupt(all_.front());
        settle();
    }
    /// By themselves: those of one owner, or all.
    void expect_end(const char* when, const void* owner = nullptr) {
        for (Waiter& waiter : all_) {
            if (owner && waiter.owner != owner) continue;
            if (!tests::comes_true([&] { return is_ready(waiter.result); }))
                found(fmt::format("{} a wait goes on", when));
        }
        settle();
    }

  private:
    /// Says whether its thread sleeps.
    class WatchedSleeper final : public Sleeper {
      public:
        explicit WatchedSleeper(FakeClock& clock) : sleeper_(clock) {}

        void wake() override {
            is_asleep_ = false;
            sleeper_.wake();
        }
        Wakeup sleep(std::optional<Time> deadline, Interrupts interrupts) override {
            is_asleep_ = true;
            const Wakeup end = sleeper_.sleep(deadline, interrupts);
            is_asleep_ = false;
            return end;
        }
        void interrupt() { sleeper_.interrupt(); }
        bool is_asleep() const { return is_asleep_; }

      private:
        ThreadSleeper sleeper_;
        std::atomic<bool> is_asleep_{false};
    };
    struct Waiter {
        const void* owner = nullptr;
        std::unique_ptr<WatchedSleeper> sleeper{};
        std::future<void> result{};  // before the sleeper: it is waited for
        bool is_at_rest() const { return is_ready(result) || sleeper->is_asleep(); }
    };

    static bool is_ready(const std::future<void>& result) { return tests::is_ready(result); }
    static void interrupt(Waiter& waiter) {
        waiter.sleeper->interrupt();
        if (!tests::comes_true([&] { return is_ready(waiter.result); }))
            found("a signal does not end a wait");
    }

    FakeClock& clock_;
    std::list<Waiter> all_;
};

}  // namespace plugboard::fuzz
