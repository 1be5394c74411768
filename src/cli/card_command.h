// What plug, unplug, bind and unbind have in common: a target on a board.
#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

#include "cli/board_directory.h"
#include "cli/control_client.h"
#include "cli/subcommands.h"

namespace plugboard::cli {

/// The option that every command about a board has.
inline void add_board_option(CLI::App& command, std::string& board) {
    command.add_option("-b,--board", board, "The board: its name, or the path of its directory");
}

struct CardOptions {
    std::string board;
    std::string target;
};

/// Adds a subcommand that sends {"op": name, "target": TARGET}, and waits so long for the answer.
inline CLI::App* add_card_command(CLI::App& app, Action& action, const std::string& name,
                                  const std::string& description, const std::string& footer,
                                  Timeout timeout = answer_time) {
    auto options = std::make_shared<CardOptions>();
    CLI::App* command = app.add_subcommand(name, description);
    command->footer(footer);
    command->add_option("TARGET", options->target, "The card: gpu0, vkms, or card0 while it lives")
        ->required();
    add_board_option(*command, options->board);
    command->callback([options, name, timeout, &action] {
        action = [options, name, timeout] {
            ask_board(find_board(options->board), {{"op", name}, {"target", options->target}},
                      timeout);
            return 0;
        };
    });
    return command;
}

}  // namespace plugboard::cli
