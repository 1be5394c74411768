// Reads the dumps from running kernels in tests/reference.
#pragma once

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace plugboard::tests {

/// The lines of tests/reference/<path>; empty if there is no such file.
inline std::vector<std::string> reference_lines(std::string_view path) {
    std::ifstream file(std::string(PLUGBOARD_SOURCE_DIR "/tests/reference/").append(path));
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

}  // namespace plugboard::tests
