// A serial line that is pulled in the middle of a read: once by its device, once by its cable.
#pragma once

#include <string>

#include "base/result.h"

namespace plugboard::serial {

/// Plays it and tells what happened. What Cable::create() fails with.
Result<std::string> tell_serial_line();

}  // namespace plugboard::serial
