// Calls that a signal handler has jumped out of.
#pragma once

#include <signal.h>

#include <cstdint>

#include "shim/syscalls.h"

namespace plugboard::shim {

/// Whether the call with the frame at `recorded` is no more, as a later one of the same thread at
/// `frame` sees it. Not sure (a signal handler inside that call, another stack): no.
inline bool is_abandoned(uintptr_t recorded, uintptr_t frame) {
    stack_t stack{};
    raw_syscall(SYS_sigaltstack, nullptr, &stack);
    if (stack.ss_flags & SS_ONSTACK) return false;
    const auto signal_stack = reinterpret_cast<uintptr_t>(stack.ss_sp);
    if (!(stack.ss_flags & SS_DISABLE) && recorded - signal_stack < stack.ss_size) return true;
    return recorded <= frame;  // stacks grow down
}

}  // namespace plugboard::shim
