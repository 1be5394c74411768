#include "tests/system/board.h"

#include "tests/support/run.h"

namespace plugboard::tests {

std::string plugboard_command() {
    return PLUGBOARD_BINARY_DIR "/bin/plugboard";
}

std::string client_program(const std::string& name) {
    return PLUGBOARD_CLIENTS "/" + name;
}

std::string board_file(const std::string& name) {
    return PLUGBOARD_SOURCE_DIR "/tests/system/boards/" + name + ".toml";
}

ClientRun run_on_fresh_board(const std::vector<std::string>& command,
                             const std::vector<std::string>& options, std::chrono::seconds limit) {
    RunOptions run_options;
    run_options.command = {plugboard_command(), "run"};
    auto& line = run_options.command;
    line.insert(line.end(), options.begin(), options.end());
    line.push_back("--");
    line.insert(line.end(), command.begin(), command.end());
    run_options.environment = {{"PLUGBOARD_COMMAND", plugboard_command()}};
    run_options.input = Input::Silent;
    run_options.limit = limit;
    RunResult result = run(run_options);
    return {result.status, std::move(result.out), std::move(result.err)};
}

}  // namespace plugboard::tests
