// The op "wait": until a screen flips, gets a mode or goes off, until a client opens a card, until
// a uevent is sent.
#pragma once

#include "base/wait.h"
#include "daemon/board.h"
#include "daemon/control/control.h"

namespace plugboard::daemon {

/// Members of the request: docs/control.md. The answer has "timed_out" when `timeout_ms` passed
/// first, in real time. A problem: no such screen, a card that was pulled meanwhile.
Outcome<Reply> wait_command(Board& board, const JsonPlace& request, Sleeper& caller);

}  // namespace plugboard::daemon
