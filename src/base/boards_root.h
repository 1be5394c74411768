// Where the directories of a user's boards are.
#pragma once

#include <string>

namespace plugboard {

/// $XDG_RUNTIME_DIR/plugboard; where there is none plugboard-<uid> in `memory`, if that is a tmpfs
/// that can be written, or in /tmp. Not made by this.
std::string boards_root(const char* memory = "/dev/shm");

}  // namespace plugboard
