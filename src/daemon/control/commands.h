// The commands of the control socket, as functions of the board.
#pragma once

#include <functional>

#include "daemon/board.h"
#include "daemon/control/control.h"
#include "daemon/control/stop_points.h"

namespace plugboard::daemon {

/// What the commands work on; outlives them.
struct CommandContext {
    Board& board;
    StopPoints& stop_points;
    std::function<size_t()> count_descriptors;  // without those of the control socket
    std::function<void()> shut_down;            // any thread; returns at once
    bool stays = false;                         // without a runner
};

/// All commands of docs/control.md.
Commands make_commands(CommandContext context);

/// What is left of a board that has ended, with no control socket; the answer to "finish".
nlohmann::json final_report(Board& board);

}  // namespace plugboard::daemon
