// The size of a page of memory, in bytes.
#pragma once

#include <cstddef>

namespace plugboard {

inline constexpr size_t page_size = 4096;

}  // namespace plugboard
