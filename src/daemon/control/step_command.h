// The op "step": moves the clock of a board whose time stands still, vblank by vblank or by a time.
#pragma once

#include "base/wait.h"
#include "daemon/board.h"
#include "daemon/control/control.h"

namespace plugboard::daemon {

/// Members of the request: docs/control.md. Returns when all that was due has been told of its
/// vblank. A problem: the board's clock runs by itself; no CRTC is on.
Outcome<Reply> step_command(Board& board, const JsonPlace& request, Sleeper& caller);

}  // namespace plugboard::daemon
