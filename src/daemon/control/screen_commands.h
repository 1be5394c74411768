// The commands of the control socket that are about screens: plug, unplug, set.
#pragma once

#include "daemon/board.h"
#include "daemon/control/control.h"

namespace plugboard::daemon {

/// "plug" and "unplug" of cards and screens, and "set".
void add_screen_commands(Commands& commands, Board& board);

}  // namespace plugboard::daemon
