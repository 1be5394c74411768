// The command that explains references: of an object, their loops, as a graph; and tracks them.
#pragma once

#include "daemon/control/control.h"

namespace plugboard::daemon {

/// "explain" of docs/control.md.
void add_explain_command(Commands& commands);

}  // namespace plugboard::daemon
