// The programs that a run started and the preload library does not see, as its shims have noted.
#pragma once

#include <string>
#include <vector>

#include "base/program_file.h"

namespace plugboard::cli {

struct Unreached {
    Obstacle obstacle = Obstacle::None;
    std::string file;
    friend bool operator==(const Unreached&, const Unreached&) = default;
};

/// In the order of their starts, each as often as it was started. The list is what any process of
/// the board wrote: lines that make no sense are left out.
std::vector<Unreached> read_unreached(const std::string& board_directory);

/// What was noted behind the first `before`, each once.
std::vector<Unreached> unreached_since(const std::string& board_directory, size_t before);

}  // namespace plugboard::cli
