#pragma once

#include <cstddef>

namespace plugboard::daemon {

/// How many descriptors this process has; a board inside a program has a table of its own.
size_t count_descriptors();

}  // namespace plugboard::daemon
