// Requests to this process's own board, over its control socket as everybody's.
#pragma once

#include <string>

#include "base/unique_fd.h"

namespace plugboard::embed {

struct ControlAnswer {
    bool ok = false;
    std::string line;  // JSON; without its newline
    UniqueFd attachment{};
};

/// A refusal in the form of the board's.
ControlAnswer refusal(const std::string& error, const std::string& remedy);

/// Waits for the answer, whatever it takes. Any thread.
ControlAnswer ask_board(const std::string& directory, std::string request);

}  // namespace plugboard::embed
