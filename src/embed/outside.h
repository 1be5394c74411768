// Threads of this process that are not on the process's own board: those that serve it.
#pragma once

namespace plugboard::embed {

/// The calling thread is outside from now on.
void stay_outside();
bool is_outside();

}  // namespace plugboard::embed
