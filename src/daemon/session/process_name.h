// What other processes are called.
#pragma once

#include <string>

namespace plugboard::daemon {

/// Its comm; empty when that cannot be seen from here.
std::string process_name(int pid);

}  // namespace plugboard::daemon
