// plugboard down: ends a board that was started with run --keep.
#include <fmt/format.h>

#include "cli/card_command.h"
#include "cli/failure.h"

namespace plugboard::cli {

void add_down(CLI::App& app, Action& action) {
    auto board = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand("down", "End a board: all its cards are unplugged");
    command->footer(
        "Example:\n"
        "  plugboard run --keep -b ci -- true; plugboard status -b ci; plugboard down -b ci\n"
        "Returns when the board has gone. A run without --keep ends its board by itself.");
    add_board_option(*command, *board);
    command->callback([board, &action] {
        action = [board] {
            const std::string directory = find_board(*board);
            const BoardEnd end(directory);
            ask_board(directory, {{"op", "shutdown"}});
            if (!end.wait(answer_time)) {
                throw Failure(
                    fmt::format("{} has not ended after {} s", directory, answer_time.count()),
                    "a client or a driver holds on to a card: see the board's log");
            }
            return 0;
        };
    });
}

}  // namespace plugboard::cli
