// One run: a board, a command on it, and what both have left behind.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/board_options.h"
#include "cli/run_follower.h"

namespace plugboard::cli {

struct RunOptions {
    BoardOptions board;  // without a name: one of its own
    std::optional<std::chrono::milliseconds> timeout;
    bool check_leaks = false;
    bool require_open = false;
    bool keep = false;                 // the board stays
    std::vector<std::string> command;  // empty: $SHELL
};

/// The exit status of `plugboard run`; with a follower it is not the command's. Throws Failure
/// (125) when plugboard itself fails.
int run_on_board(RunOptions options, RunFollower follower = {});

}  // namespace plugboard::cli
