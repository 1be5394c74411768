// The options of the commands that run CMD on a board: run and scenario.
#pragma once

#include <string>
#include <vector>

#include "cli/runner.h"

namespace CLI {
class App;
}

namespace plugboard::cli {

struct RunWords {
    RunOptions run;
    std::string timeout;
    bool strict = false;
};

/// All but CMD, for which the command gets prefix_command().
void add_run_options(CLI::App& command, RunWords& words);
/// What the words mean, with CMD: what the parser left, and what stood after "--". Throws
/// CLI::ParseError and Failure (125).
RunOptions run_options_of(const RunWords& words, const CLI::App& command,
                          const std::vector<std::string>& after_dashes);

}  // namespace plugboard::cli
