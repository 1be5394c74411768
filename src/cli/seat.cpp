// plugboard seat: takes the cards from the compositors for a while, as another VT would.
#include <fmt/format.h>

#include "cli/card_command.h"
#include "cli/output.h"

namespace plugboard::cli {
namespace {

/// Who goes on, though the seat is paused.
void warn_of_others(const nlohmann::json& answer) {
    for (const auto& client : answer["seat"].value("clients", nlohmann::json::array())) {
        if (client.value("state", "") != "leaving") continue;
        print_warning(fmt::format("{} ({}) was told, and has not let go in time",
                                  client.value("command", "?"), client.value("pid", 0)),
                      "it is no longer master of its cards; it may have hung");
    }
    for (const auto& user : answer.value("without_seat", nlohmann::json::array())) {
        print_warning(
            fmt::format("{} ({}) has {} open without the seat: it goes on",
                        user.value("command", "?"), user.value("pid", 0), user.value("node", "?")),
            "only clients of libseat and weston's weston_launch can be paused");
    }
}

}  // namespace

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
            const auto answer = ask_board(find_board(options->board),
                                          {{"op", "seat"}, {"action", options->action}});
            if (options->action == "pause") warn_of_others(answer.body);
            return 0;
        };
    });
}

}  // namespace plugboard::cli
