// A lock that any thread and any signal handler may take.
#pragma once

#include <linux/futex.h>

#include <atomic>
#include <cstdint>

#include "shim/held_signals.h"
#include "shim/syscalls.h"

namespace plugboard::shim {

/// For a few system calls, none of which waits for anybody. A fork child's may be one that another
/// thread of its parent held: reset() it. A vfork child must not take its parent's.
class Lock {
  public:
    constexpr Lock() = default;
    void reset() { state_.store(Free); }

  private:
    friend class LockScope;
    enum State : uint32_t { Free, Taken, Awaited };

    void take() {
        uint32_t expected = Free;
        if (state_.compare_exchange_strong(expected, Taken)) return;
        while (state_.exchange(Awaited) != Free)
            raw_syscall(SYS_futex, &state_, FUTEX_WAIT_PRIVATE, Awaited, nullptr, nullptr, 0);
    }
    void give() {
        if (state_.exchange(Free) == Awaited)
            raw_syscall(SYS_futex, &state_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    }
    std::atomic<uint32_t> state_ = Free;
};

/// Holds the lock, and the thread's signals: a handler that takes it never meets its own thread.
class LockScope {
  public:
    explicit LockScope(Lock& lock) : lock_(lock) { lock_.take(); }
    ~LockScope() { lock_.give(); }
    LockScope(const LockScope&) = delete;
    LockScope& operator=(const LockScope&) = delete;

  private:
    const HeldSignals signals_;  // before the lock, after it
    Lock& lock_;
};

}  // namespace plugboard::shim
