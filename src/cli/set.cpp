// plugboard set: changes one thing of what is plugged in.
#include "cli/board_requests.h"
#include "cli/card_command.h"

namespace plugboard::cli {

void add_set(CLI::App& app, Action& action) {
    struct Options {
        std::string board, target, setting;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("set", "Set KEY=VALUE of a screen");
    command->footer(
        "Example:\n"
        "  plugboard set DP-1 link-status=bad    # the link failed: a client should do a modeset\n"
        "\n"
        "Keys:\n"
        "  link-status  bad or good. Clients hear of it by a uevent; a modeset makes it good "
        "again.");
    command->add_option("TARGET", options->target, "The screen: DP-1, gpu0/DP-1")->required();
    command->add_option("KEY=VALUE", options->setting, "What to set")->required();
    add_board_option(*command, options->board);
    command->callback([options, &action] {
        action = [options] {
            ask_board(find_board(options->board), set_request(options->target, options->setting));
            return 0;
        };
    });
}

}  // namespace plugboard::cli
