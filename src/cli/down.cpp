// plugboard down: ends a board that was started with run --keep.
#include "cli/card_command.h"

namespace plugboard::cli {

void add_down(CLI::App& app, Action& action) {
    auto board = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand("down", "End a board: all its cards are unplugged");
    command->footer(
        "Example:\n"
        "  plugboard run --keep -b ci -- true; plugboard status -b ci; plugboard down -b ci\n"
        "A run without --keep ends its board by itself.");
    add_board_option(*command, *board);
    command->callback([board, &action] {
        action = [board] {
            ask_board(find_board(*board), {{"op", "shutdown"}});
            return 0;
        };
    });
}

}  // namespace plugboard::cli
