// Descriptors of the daemon's that the kernel waits for in a buffer's place. The application knows
// nothing of them: it may close one, or put something of its own where one was.
#pragma once

#include <cstdint>

namespace plugboard::shim {

/// Owned by the call or the table that it is in. Any thread.
struct StandIn {
    int fd = -1;
    uint64_t cookie = 0;  // 0: none; else fd is this one while its SO_COOKIE is this
};

/// From now on a fork child closes its copy. `call`: an address in the frame of the call that has
/// it on its stack; null: none has.
StandIn keep_stand_in(int fd, const void* call);
bool is_there(const StandIn& stand_in);
/// Also of none.
void close_stand_in(StandIn& stand_in);
/// Closes those that this thread's calls had which a signal handler has jumped out of. `call`: of
/// the one that now begins.
void close_abandoned_stand_ins(const void* call);
/// For a fork child: its copies of those that its parent's threads were waiting with.
void close_inherited_stand_ins();

}  // namespace plugboard::shim
