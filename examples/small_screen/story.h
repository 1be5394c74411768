// The small screen's driver from probe to unbind, with a client that draws.
#pragma once

#include <string>

namespace plugboard::small {

/// Plays it and tells what happened.
std::string tell_small_screen();

}  // namespace plugboard::small
