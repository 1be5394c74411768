// plugboard up: a board that outlives the command.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "cli/board_directory.h"
#include "cli/board_options.h"
#include "cli/daemon_process.h"
#include "cli/failure.h"
#include "cli/installation.h"
#include "cli/output.h"
#include "cli/subcommands.h"

namespace plugboard::cli {
namespace {

constexpr const char* default_name = "default";

int bring_up(const BoardOptions& options) {
    const std::string asked = options.board_name();
    const std::string name = asked.empty() ? default_name : asked;
    DaemonProcess daemon(
        find_installation(),
        {.directory = board_directory(name), .board = options.with_usual_cards(), .keep = true});
    daemon.wait_until_ready();
    daemon.detach();
    print_output(name + "\n");
    print_note(
        fmt::format("The board {0} is up and stays. Next:\n"
                    "  plugboard run -b {0} -- CMD         # a program on it\n"
                    "  eval \"$(plugboard env -b {0})\"      # or this shell, with all that "
                    "it starts from now on\n"
                    "  plugboard status -b {0}             # what it has and who uses it\n"
                    "  plugboard down -b {0}               # its end",
                    name));
    return 0;
}

}  // namespace

void add_up(CLI::App& app, Action& action) {
    auto options = std::make_shared<BoardOptions>();
    CLI::App* command = app.add_subcommand("up", "Start a board that stays until plugboard down");
    command->footer(
        "Prints the board's name, which is \"default\" without -b, when its cards are there.\n"
        "\n"
        "Examples:\n"
        "  plugboard up -b ci -s 1920x1080@60\n"
        "  plugboard run -b ci -- modetest -M vkms     # joins it; also from other shells\n"
        "  eval \"$(plugboard env -b ci)\"               # all that this shell starts is on it\n"
        "  plugboard down -b ci\n"
        "\n"
        "Exit status: 0, or 125 when there is a board of that name already, or it cannot start.");
    add_board_options(*command, *options);
    command->callback([options, &action] { action = [options] { return bring_up(*options); }; });
}

}  // namespace plugboard::cli
