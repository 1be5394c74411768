// plugboard run: the options and help of a run; runner.cpp does it.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "cli/board_options.h"
#include "cli/duration.h"
#include "cli/failure.h"
#include "cli/runner.h"
#include "cli/subcommands.h"
#include "daemon/monitors.h"

namespace plugboard::cli {
namespace {

constexpr const char* footer_text =
    "CMD and its arguments stand after --; without CMD it is $SHELL.\n"
    "\n"
    "Examples:\n"
    "  plugboard run -- modetest -M vkms                  # a board with one vkms card, gone "
    "afterwards\n"
    "  plugboard run -s 1920x1080@60 -- drm_info          # the screen has this mode, by CVT\n"
    "  plugboard run -s DP-1=gaming -s HDMI-A-1=none -- weston\n"
    "  plugboard run -c board.toml --debug atomic -- ./my-compositor\n"
    "  plugboard run -b ci -- ./test-1                    # joins the board of plugboard up -b ci; "
    "without one,\n"
    "                                                     # starts one of that name\n"
    "  plugboard run --strict --timeout 60s -- make check # a leak, a hang or no open fails the "
    "run\n"
    "\n"
    "board.toml:\n"
    "  [[card]]\n"
    "  name = \"gpu0\"\n"
    "  profile = \"linux-6.1\"\n"
    "  overlays = true\n"
    "  screens = [\"1920x1080@60\"]     # or, for each screen:\n"
    "  [[card.screen]]\n"
    "  connector = \"DP-1\"\n"
    "  spec = \"gaming\"                # as for -s\n"
    "  connected = false              # until plugboard plug DP-1\n"
    "\n"
    "Exit status: CMD's own; 128+n if signal n ended it; 127 not found; 126 not runnable; 125 "
    "plugboard failed;\n"
    "124 --timeout; and if CMD ended well, 123 --check-leaks, 122 --require-open.";

}  // namespace

void add_run(CLI::App& app, const std::vector<std::string>& after_dashes, Action& action) {
    struct Options {
        RunOptions run;
        std::string timeout;
        bool strict = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("run", "Run a command on a board of its own");
    command->footer("Monitors for -s:\n" + daemon::monitor_lines() + "\n" + footer_text);
    RunOptions& run = options->run;
    add_board_options(*command, run.board);
    command->add_option("--timeout", options->timeout,
                        "End CMD after 500ms, 30s, 2m, ...; shows what hangs");
    command->add_flag("--check-leaks", run.check_leaks,
                      "Say what is left behind; status 123 if anything is");
    command->add_flag("--require-open", run.require_open,
                      "Status 122 if no process of CMD opened a device");
    command->add_flag("--strict", options->strict, "All checks: --check-leaks and --require-open")
        ->envname("PLUGBOARD_STRICT");
    command->add_flag("--keep", run.keep, "The board stays when CMD ends, until plugboard down");
    command->prefix_command();
    command->callback([options, command, after_dashes, &action] {
        RunOptions& of = options->run;
        of.command = command->remaining();  // CMD without dashes before it
        if (!of.command.empty() && of.command.front().starts_with("-"))
            throw CLI::ExtrasError(of.command);
        of.command.insert(of.command.end(), after_dashes.begin(), after_dashes.end());
        if (options->strict) of.check_leaks = of.require_open = true;
        if (!options->timeout.empty()) {
            of.timeout = parse_duration(options->timeout);
            if (!of.timeout) {
                throw Failure(fmt::format("--timeout {} is no duration", options->timeout),
                              "write 500ms, 30s, 2m or 1h", Exit::Plugboard);
            }
        }
        action = [options] { return run_on_board(options->run); };
    });
}

}  // namespace plugboard::cli
