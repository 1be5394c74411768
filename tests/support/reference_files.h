// Reads the dumps from running kernels in tests/reference.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace plugboard::tests {

/// The lines of tests/reference/<path>; empty if there is no such file.
std::vector<std::string> reference_lines(std::string_view path);

}  // namespace plugboard::tests
