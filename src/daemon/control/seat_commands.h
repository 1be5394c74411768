// The op "seat" of the control socket, and the seat's part of "status".
#pragma once

#include <nlohmann/json.hpp>

#include "daemon/board.h"
#include "daemon/control/control.h"

namespace plugboard::daemon {

void add_seat_commands(Commands& commands, Board& board);

/// docs/control.md, "status".
nlohmann::json seat_status(const SeatInfo& seat);

}  // namespace plugboard::daemon
