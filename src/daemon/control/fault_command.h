// "fault": plants faults in a card while it runs, lists and clears them.
#pragma once

#include "daemon/board.h"
#include "daemon/control/control.h"

namespace plugboard::daemon {

void add_fault_command(Commands& commands, Board& board);

}  // namespace plugboard::daemon
