// Time, as something that is passed in: the machine's, or one that a test moves.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <set>

#include "base/errno.h"  // first, so that Errno::Time shadows nothing
#include "base/mutex.h"

namespace plugboard {

using Nanos = std::chrono::nanoseconds;
/// A point on CLOCK_MONOTONIC (real clock) or on the test's own line (fake clock).
using Time = std::chrono::time_point<std::chrono::steady_clock, Nanos>;

/// Something that sleeps and can be woken, or that has work to do at a time.
class Waker {
  public:
    /// Any thread, also with locks held: only marks and notifies.
    virtual void wake() = 0;

  protected:
    ~Waker() = default;
};

/// Where time comes from. Any thread.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual Time now() const = 0;
    /// How long a sleep until `deadline` takes in real time; none when only advance() ends it.
    virtual std::optional<Nanos> real_time_until(Time deadline) const = 0;
    /// From now until unwatch() the waker is woken whenever the time jumps (fake clock only).
    virtual void watch(Waker& waker) = 0;
    virtual void unwatch(Waker& waker) = 0;
    /// Who moves the time may be behind what waits for it, so that only a caller may wait.
    virtual bool stands_still() const { return false; }

    static Clock& real();
};

/// A clock that a test moves.
class FakeClock : public Clock {
  public:
    explicit FakeClock(Time start = Time(std::chrono::seconds(1))) : now_(start) {}

    Time now() const override;
    std::optional<Nanos> real_time_until(Time deadline) const override;
    void watch(Waker& waker) override;
    void unwatch(Waker& waker) override;

    /// Moves the time and wakes every watcher; does not wait for what they do.
    void advance(Nanos duration);

  private:
    mutable Mutex<LockClass<FakeClock>> mutex_;
    Time now_ GUARDED_BY(mutex_);
    std::multiset<Waker*> watchers_ GUARDED_BY(mutex_);
};

/// That of a board which a person moves.
class SteppedClock final : public FakeClock {
  public:
    using FakeClock::FakeClock;
    bool stands_still() const override { return true; }
};

}  // namespace plugboard
