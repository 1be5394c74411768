#include "cli/run_options.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/duration.h"
#include "cli/failure.h"

namespace plugboard::cli {

void add_run_options(CLI::App& command, RunWords& words) {
    RunOptions& run = words.run;
    add_board_options(command, run.board);
    command.add_option("--timeout", words.timeout,
                       "End CMD after 500ms, 30s, 2m, ...; shows what hangs");
    command.add_flag("--check-leaks", run.check_leaks,
                     "Say what is left behind; status 123 if anything is");
    command.add_flag("--require-open", run.require_open,
                     "Status 122 if no process of CMD opened a device");
    command.add_flag("--strict", words.strict, "All checks: --check-leaks and --require-open")
        ->envname("PLUGBOARD_STRICT");
    command.add_flag("--keep", run.keep, "The board stays when CMD ends, until plugboard down");
    command.prefix_command();
}

RunOptions run_options_of(const RunWords& words, const CLI::App& command,
                          const std::vector<std::string>& after_dashes) {
    RunOptions run = words.run;
    run.command = command.remaining();  // CMD without dashes before it
    if (!run.command.empty() && run.command.front().starts_with("-"))
        throw CLI::ExtrasError(run.command);
    run.command.insert(run.command.end(), after_dashes.begin(), after_dashes.end());
    if (words.strict) run.check_leaks = run.require_open = true;
    if (words.timeout.empty()) return run;
    run.timeout = parse_duration(words.timeout);
    if (!run.timeout) {
        throw Failure(fmt::format("--timeout {} is no duration", words.timeout),
                      "write 500ms, 30s, 2m or 1h", Exit::Plugboard);
    }
    return run;
}

}  // namespace plugboard::cli
