// Reads the dumps from running kernels in tests/reference.
#include "tests/support/reference_files.h"

#include <fstream>

namespace plugboard::tests {

std::vector<std::string> reference_lines(std::string_view path) {
    std::ifstream file(std::string(PLUGBOARD_SOURCE_DIR "/tests/reference/").append(path));
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

}  // namespace plugboard::tests
