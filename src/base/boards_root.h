// Where the directories of a user's boards are.
#pragma once

#include <string>

namespace plugboard {

/// $XDG_RUNTIME_DIR/plugboard, or /tmp/plugboard-<uid> where there is none. Not made by this.
std::string boards_root();

}  // namespace plugboard
