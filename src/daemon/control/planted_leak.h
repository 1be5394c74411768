// Leaks made on purpose, so that a test can see the leak check find each kind.
#pragma once

#include <string_view>

#include "daemon/config/problem.h"

namespace plugboard::daemon {

/// "object" or "fd": one more that lives until the process ends; "loop": two objects that hold each
/// other. Any thread.
Outcome<Done> plant_leak(std::string_view kind);

}  // namespace plugboard::daemon
