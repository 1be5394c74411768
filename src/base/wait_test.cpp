#include "base/wait.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace plugboard {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Wait, ends_when_the_predicate_holds) {
    FakeClock clock;
    WaitQueue queue;
    std::atomic<bool> ready{false};
    std::thread other([&] {
        ready = true;
        queue.wake_all();
    });
    ThreadSleeper sleeper(clock);
    EXPECT_EQ(wait_until(sleeper, queue, [&] { return ready.load(); }), Wakeup::Woken);
    other.join();
}

TEST(Wait, a_fake_clock_ends_it_at_the_deadline) {
    FakeClock clock;
    WaitQueue queue;
    const Time deadline = clock.now() + seconds(3);
    std::atomic<bool> waiting{false};
    std::thread other([&] {
        waiting.wait(false);
        clock.advance(seconds(2));
        clock.advance(seconds(2));
    });
    ThreadSleeper sleeper(clock);
    const auto never = [&] {
        waiting = true;
        waiting.notify_all();
        return false;
    };
    EXPECT_EQ(wait_until(sleeper, queue, never, deadline), Wakeup::Deadline);
    EXPECT_GE(clock.now(), deadline);
    other.join();
}

TEST(Wait, an_interruption_counts_only_where_it_is_allowed) {
    FakeClock clock;
    WaitQueue queue;
    ThreadSleeper sleeper(clock);
    sleeper.interrupt();
    EXPECT_EQ(wait_until(sleeper, queue, [] { return false; }), Wakeup::Interrupted);
    sleeper.wake();
    int calls = 0;
    EXPECT_EQ(wait_until(
                  sleeper, queue, [&] { return ++calls == 2; }, std::nullopt, Interrupts::Ignored),
              Wakeup::Woken);
}

TEST(Wait, a_ready_predicate_beats_the_deadline) {
    FakeClock clock;
    WaitQueue queue;
    ThreadSleeper sleeper(clock);
    EXPECT_EQ(wait_until(
                  sleeper, queue, [] { return true; }, clock.now() - seconds(1)),
              Wakeup::Woken);
}

TEST(Wait, the_real_clock_reaches_a_deadline) {
    WaitQueue queue;
    ThreadSleeper sleeper(Clock::real());
    const Time deadline = Clock::real().now() + milliseconds(2);
    EXPECT_EQ(wait_until(
                  sleeper, queue, [] { return false; }, deadline),
              Wakeup::Deadline);
    EXPECT_GE(Clock::real().now(), deadline);
}

}  // namespace
}  // namespace plugboard
