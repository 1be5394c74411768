// plugboard down: ends boards that were started with up or run --keep.
#include <fmt/format.h>

#include "cli/card_command.h"
#include "cli/failure.h"

namespace plugboard::cli {
namespace {

void end_board(const std::string& directory) {
    const BoardEnd end(directory);
    ask_board(directory, {{"op", "shutdown"}});
    if (!end.wait(answer_time)) {
        throw Failure(fmt::format("{} has not ended after {} s", directory, answer_time.count()),
                      "a client or a driver holds on to a card: see the board's log");
    }
}

/// Those of runs end with them.
int end_boards_that_stay() {
    for (const std::string& name : living_boards()) {
        const std::string directory = board_directory(name);
        try {
            if (ask_board(directory, {{"op", "status"}}).body.value("stays", false))
                end_board(directory);
        } catch (const Failure&) {
            if (is_alive(directory)) throw;  // else it has ended by itself
        }
    }
    return 0;
}

}  // namespace

void add_down(CLI::App& app, Action& action) {
    struct Options {
        std::string board;
        bool all = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("down", "End a board: all its cards are unplugged");
    command->footer(
        "Example:\n"
        "  plugboard up -b ci; plugboard run -b ci -- modetest -M vkms; plugboard down -b ci\n"
        "  plugboard down --all             # every board of yours that stays; none is no error\n"
        "Returns when the board has gone. A run without --keep ends its board by itself.");
    add_board_option(*command, options->board);
    command->add_flag("--all", options->all, "Every board that up or run --keep has started")
        ->excludes("--board");
    command->callback([options, &action] {
        action = [options] {
            if (options->all) return end_boards_that_stay();
            end_board(find_board(options->board));
            return 0;
        };
    });
}

}  // namespace plugboard::cli
