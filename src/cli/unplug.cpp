// plugboard unplug: a screen or a card is gone; a card now or inside the next ioctl of a kind.
#include "cli/board_requests.h"
#include "cli/card_command.h"

namespace plugboard::cli {

void add_unplug(CLI::App& app, Action& action) {
    struct Options {
        std::string board, target, inside;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command =
        app.add_subcommand("unplug", "Pull a card out: its clients see ENODEV; or a screen");
    command->footer(
        "Examples:\n"
        "  plugboard run -b mine -- modetest -M vkms -s 36:1024x768 -v      # in one shell\n"
        "  plugboard unplug -b mine gpu0                                    # in another\n"
        "  plugboard unplug -b mine DP-1         # a screen: clients hear of it by a uevent\n"
        "Returns when the card is gone and its clients have been told. `plugboard plug` puts a new "
        "one in.");
    command
        ->add_option("TARGET", options->target,
                     "The card: gpu0, vkms, or card0 while it lives; or the connector: DP-1, "
                     "gpu0/DP-1")
        ->required();
    add_board_option(*command, options->board);
    command->add_option(
        "--inside", options->inside,
        "IOCTL:POINT: not now, but inside the card's next such request, at its entry, after "
        "its argument's copy, or in its wait: MODE_ATOMIC:wait");
    command->callback([options, &action] {
        action = [options] {
            // Its clients' requests in flight end first.
            ask_board(find_board(options->board), unplug_request(options->target, options->inside),
                      no_timeout);
            return 0;
        };
    });
}

}  // namespace plugboard::cli
