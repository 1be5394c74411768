// What processes wait for, for a run that takes too long.
#pragma once

#include <string>
#include <vector>

#include "cli/process.h"

namespace plugboard::cli {

/// A few lines a process: each thread with its state, the kernel function and system call it is in,
/// and its kernel stack where that may be read.
std::string describe_hang(const std::vector<Process>& processes);

}  // namespace plugboard::cli
