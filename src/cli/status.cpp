// plugboard status: what the board has and who uses it.
#include <unistd.h>

#include "cli/card_command.h"
#include "cli/output.h"
#include "cli/status_text.h"

namespace plugboard::cli {

void add_status(CLI::App& app, Action& action) {
    struct Options {
        std::string board;
        bool json = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command =
        app.add_subcommand("status", "Show cards, drivers, screens, open files, references");
    command->footer(
        "Example:\n"
        "  plugboard run -- bash            # then, inside or in another shell:\n"
        "  plugboard status\n"
        "  plugboard status --json          # for programs; docs/control.md has the members");
    command->add_flag("--json", options->json, "The same as JSON, with each card's last flips");
    add_board_option(*command, options->board);
    command->callback([options, &action] {
        action = [options] {
            const nlohmann::json request = {{"op", "status"}, {"flips", options->json}};
            const auto status = ask_board(find_board(options->board), request).body;
            if (options->json) {
                print_output(status.dump(2) + "\n");
            } else {
                print_output(status_text(status, STDOUT_FILENO));
            }
            return 0;
        };
    });
}

}  // namespace plugboard::cli
