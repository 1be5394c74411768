// Signals that wait while the shim is at work.
#pragma once

#include <signal.h>

#include "shim/syscalls.h"

namespace plugboard::shim {

inline constexpr size_t kernel_mask_size = sizeof(unsigned long);  // of the kernel's sigset_t

/// Blocks all signals for a moment, but those that libc has for itself: after a cancellation point
/// a thread that is being cancelled waits for its own.
class HeldSignals {
  public:
    HeldSignals() {
        raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before_, kernel_mask_size);
    }
    ~HeldSignals() { release(); }
    HeldSignals(const HeldSignals&) = delete;
    HeldSignals& operator=(const HeldSignals&) = delete;

    /// What the application has blocked.
    const sigset_t& before() const { return before_; }
    /// Those that came meanwhile are handled in here. Twice is once.
    void release() {
        if (!is_held_) return;
        is_held_ = false;
        raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, kernel_mask_size);
    }

  private:
    // nptl's SIGCANCEL and SIGSETXID are 32 and 33.
    static constexpr unsigned long all = ~(3ul << 31);
    sigset_t before_{};
    bool is_held_ = true;
};

}  // namespace plugboard::shim
