// What a compositor finds in its environment on a board: a seat, no input devices, nothing of the
// session that the run was started in.
#pragma once

#include <string>
#include <vector>

#include "cli/run_environment.h"

namespace plugboard::cli {

/// For what runs on the board in that directory. Leaves alone what the caller has chosen, unless it
/// leads away from the board.
Environment compositor_environment(const std::string& directory);

/// What this command needs besides, for a person to read; empty: nothing that we know of.
std::string compositor_hint(const std::vector<std::string>& command);

}  // namespace plugboard::cli
