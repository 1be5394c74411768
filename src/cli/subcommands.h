// The subcommands: each file adds one, with its options, its help and what it does.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace plugboard::cli {

/// What main() calls for the subcommand that was given; its result is the exit status.
using Action = std::function<int()>;

/// `command` is what stands after "--".
void add_run(CLI::App& app, const std::vector<std::string>& command, Action& action);
void add_scenario(CLI::App& app, const std::vector<std::string>& command, Action& action);
void add_status(CLI::App& app, Action& action);
void add_plug(CLI::App& app, Action& action);
void add_unplug(CLI::App& app, Action& action);
void add_set(CLI::App& app, Action& action);
void add_fault(CLI::App& app, Action& action);
void add_bind(CLI::App& app, Action& action);
void add_unbind(CLI::App& app, Action& action);
void add_seat(CLI::App& app, Action& action);
void add_trace(CLI::App& app, Action& action);
void add_screenshot(CLI::App& app, Action& action);
void add_config(CLI::App& app, Action& action);
void add_step(CLI::App& app, Action& action);
void add_wait(CLI::App& app, Action& action);
void add_explain(CLI::App& app, Action& action);
void add_up(CLI::App& app, Action& action);
void add_down(CLI::App& app, Action& action);
void add_ls(CLI::App& app, Action& action);
void add_env(CLI::App& app, Action& action);
void add_doctor(CLI::App& app, const std::vector<std::string>& command, Action& action);

}  // namespace plugboard::cli
