// plugboard seat: takes the cards from the compositors for a while, as another VT would.
#include "cli/board_requests.h"
#include "cli/card_command.h"

namespace plugboard::cli {

void add_seat(CLI::App& app, Action& action) {
    struct Options {
        std::string board, action;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command =
        app.add_subcommand("seat", "Pause compositors, as a switch to another VT does, and resume");
    command->footer(
        "Example:\n"
        "  plugboard run -b mine -- sway                 # in one shell\n"
        "  plugboard seat pause -b mine                  # in another: sway is not master any "
        "more\n"
        "  plugboard seat resume -b mine                 # it is again, and draws anew\n"
        "pause returns when all clients of the seat have let go of their cards; plugboard status "
        "shows them.");
    command->add_option("ACTION", options->action, "pause or resume")
        ->required()
        ->check(CLI::IsMember({"pause", "resume"}));
    add_board_option(*command, options->board);
    command->callback([options, &action] {
        action = [options] {
            const auto answer =
                ask_board(find_board(options->board), seat_request(options->action));
            if (options->action == "pause") warn_of_others(answer.body);
            return 0;
        };
    });
}

}  // namespace plugboard::cli
