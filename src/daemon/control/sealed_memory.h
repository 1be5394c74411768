// Bytes as a descriptor that can be sent away, and changed by nobody.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "base/unique_fd.h"

namespace plugboard::daemon {

/// A memfd of that name (of literals only) with the bytes. MFile, NoMem, and what write() says.
Result<UniqueFd> seal_memory(const char* name, std::span<const uint8_t> bytes);

}  // namespace plugboard::daemon
