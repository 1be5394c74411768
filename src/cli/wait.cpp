// plugboard wait: returns when something has happened on a board, so that scripts need no sleep.
#include <fmt/format.h>

#include "cli/board_requests.h"
#include "cli/card_command.h"
#include "cli/duration.h"
#include "cli/failure.h"
#include "cli/output.h"

namespace plugboard::cli {
namespace {

constexpr const char* wait_footer =
    "WHAT is one of\n"
    "  flips=10           ten more flips from now on\n"
    "  mode               a screen shows something; mode=1920x1080: at this size\n"
    "  off                nothing is shown: no screen is on\n"
    "  link-status        every link is good: clients did the modeset that makes it so; =bad: bad\n"
    "  open               a client has a card open\n"
    "  closed             no client has a card open\n"
    "  uevent             the next uevent; uevent=HOTPLUG=1, uevent=ACTION=add: the next of these\n"
    "What is so already is not waited for, but for flips and uevents, which count from now on.\n"
    "\n"
    "Examples:\n"
    "  plugboard wait mode --on DP-1 --timeout 5s   # the compositor has lit the screen\n"
    "  plugboard unplug DP-1 && plugboard wait off --on DP-1\n"
    "  plugboard wait flips=60                      # about a second of a client that draws\n"
    "Exit status: 124 after --timeout; 1 when it cannot happen any more (the card was pulled).";

struct WaitOptions {
    std::string board, what, on, timeout;
    bool json = false;
};

nlohmann::json request_of(const WaitOptions& options) {
    Timeout timeout;
    if (!options.timeout.empty()) {
        timeout = parse_duration(options.timeout);
        if (!timeout)
            throw Failure(fmt::format("--timeout {} is no duration", options.timeout),
                          "write 500ms, 30s, 2m or 1h");
    }
    return wait_request({.what = options.what, .on = options.on, .timeout = timeout});
}

int wait_on_board(const WaitOptions& options) {
    const nlohmann::json body =
        ask_board(find_board(options.board), request_of(options), no_timeout).body;
    if (options.json) print_output(body.dump(2) + "\n");
    if (!body.value("timed_out", false)) return static_cast<int>(Exit::Ok);
    throw Failure(fmt::format("{} has not come within {}; there is: {}", options.what,
                              options.timeout, body.value("seen", "")),
                  "see plugboard status, or wait longer", Exit::TimedOut);
}

}  // namespace

void add_wait(CLI::App& app, Action& action) {
    auto options = std::make_shared<WaitOptions>();
    CLI::App* command = app.add_subcommand("wait", "Wait until something has happened on a board");
    command->footer(wait_footer);
    command
        ->add_option(
            "WHAT", options->what,
            "flips=N, mode[=WxH], off, link-status[=bad], open, closed, uevent[=KEY=VALUE]")
        ->required();
    command->add_option("--on", options->on, "A screen (DP-1, gpu0/DP-1) or a card (gpu0)");
    command->add_option("--timeout", options->timeout, "Give up after 500ms, 5s, 2m, ...");
    command->add_flag("--json", options->json, "Say what has happened, as JSON");
    add_board_option(*command, options->board);
    command->callback(
        [options, &action] { action = [options] { return wait_on_board(*options); }; });
}

}  // namespace plugboard::cli
