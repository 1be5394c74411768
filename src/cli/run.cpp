// plugboard run: the options and help of a run; runner.cpp does it.
#include <CLI/CLI.hpp>

#include <memory>

#include "cli/run_options.h"
#include "cli/subcommands.h"
#include "daemon/config/monitors.h"

namespace plugboard::cli {
namespace {

constexpr const char* run_footer =
    "CMD and its arguments stand after --; without CMD it is $SHELL.\n"
    "\n"
    "Examples:\n"
    "  plugboard run -- modetest -M vkms                  # a board with one vkms card, gone "
    "afterwards\n"
    "  plugboard run -s 1920x1080@60 -- drm_info          # the screen has this mode, by CVT\n"
    "  plugboard run -s DP-1=gaming -s HDMI-A-1=none -- weston\n"
    "  plugboard run -c board.toml --debug atomic -- ./my-compositor\n"
    "  plugboard run --trace -- modetest -M vkms -c       # who asks what, the answer and the "
    "time\n"
    "  plugboard run -b ci -- ./test-1                    # joins the board of plugboard up -b ci; "
    "without one,\n"
    "                                                     # starts one of that name\n"
    "  plugboard run --strict --timeout 60s -- make check # a leak, a hang or no open fails the "
    "run\n"
    "\n"
    "board.toml:\n"
    "  [[card]]\n"
    "  name = \"gpu0\"\n"
    "  profile = \"linux-6.1\"          # or \"linux-latest\": the newest kernel's vkms\n"
    "  overlays = true\n"
    "  screens = [\"1920x1080@60\"]     # or, for each screen:\n"
    "  [[card.screen]]\n"
    "  connector = \"DP-1\"\n"
    "  spec = \"gaming\"                # as for -s\n"
    "  connected = false              # until plugboard plug DP-1\n"
    "  [[card]]                       # a second one\n"
    "  driver = \"vgem\"                # no screens: buffers to share, and fences; else vkms\n"
    "\n"
    "Exit status: CMD's own; 128+n if signal n ended it; 127 not found; 126 not runnable; 125 "
    "plugboard failed;\n"
    "124 --timeout; and if CMD ended well, 123 --check-leaks, 122 --require-open.";

}  // namespace

void add_run(CLI::App& app, const std::vector<std::string>& after_dashes, Action& action) {
    auto words = std::make_shared<RunWords>();
    CLI::App* command = app.add_subcommand("run", "Run a command on a board of its own");
    command->footer("Monitors for -s:\n" + daemon::monitor_lines() + "\n" + run_footer);
    add_run_options(*command, *words);
    command->callback([words, command, after_dashes, &action] {
        action = [options = run_options_of(*words, *command, after_dashes)] {
            return run_on_board(options);
        };
    });
}

}  // namespace plugboard::cli
