// Errors by their names.
#pragma once

#include <optional>
#include <string_view>

#include "base/errno.h"

namespace plugboard {

/// "EBUSY"; nothing for a word that names none that a client can see.
std::optional<Errno> find_errno(std::string_view name);

}  // namespace plugboard
