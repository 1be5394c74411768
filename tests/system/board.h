// Runs clients on boards, as a person would: through the built plugboard command.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace plugboard::tests {

struct ClientRun {
    int status = 0;  // plugboard run's exit status
    std::string out;
    std::string err;
};

/// `plugboard run OPTIONS -- COMMAND` with nothing on standard input (a silent pipe). COMMAND may
/// name one of this tree's client programs. After `limit` all of it is killed and the status is -1.
ClientRun run_on_fresh_board(const std::vector<std::string>& command,
                             const std::vector<std::string>& options = {},
                             std::chrono::seconds limit = std::chrono::seconds(60));

/// The folder of this tree's client programs, and the built command.
std::string client_program(const std::string& name);
std::string plugboard_command();

/// tests/system/boards/<name>.toml, for -c.
std::string board_file(const std::string& name);

}  // namespace plugboard::tests
