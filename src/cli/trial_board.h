// A board on trial: whether one starts, answers, is reached by a program, and ends without a trace.
#pragma once

#include <vector>

#include "cli/checkup.h"

namespace plugboard::cli {

/// Of this installation, which is checked first; stops at the first failure.
std::vector<Check> try_board();

/// What the program of the trial does: opens the first card by libc. Its exit status: 0, or an
/// errno.
int open_first_card();
/// The words after `plugboard` that start it.
inline constexpr const char* trial_command = "doctor";
inline constexpr const char* trial_option = "--open-first-card";

}  // namespace plugboard::cli
