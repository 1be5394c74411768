// The environment of programs on a board: what `run` gives to its command and `env` prints.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/installation.h"
#include "cli/reach.h"

namespace plugboard::cli {

/// Names and values that are added to an environment; an empty value removes the name.
using Environment = std::vector<std::pair<std::string, std::string>>;

/// Of this process; empty when there is none.
std::string environment_value(const char* name);

/// What a program needs to be on the board in `directory`, beside what this process has. Other
/// preloads and the rest of PATH stay; from a board around this process nothing does. Makes the
/// board's folder for PATH. `reach` is of the program, where it is known. Throws Failure (125).
Environment run_environment(const Installation& installation, const std::string& directory,
                            const Reach& reach = {});

}  // namespace plugboard::cli
