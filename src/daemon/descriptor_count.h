#pragma once

#include <cstddef>

namespace plugboard::daemon {

/// How many descriptors this process has.
size_t count_descriptors();

}  // namespace plugboard::daemon
