// plugboard status: what the board has and who uses it.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/card_command.h"
#include "cli/output.h"

namespace plugboard::cli {
namespace {

using nlohmann::json;

std::string screens_of(const json& card) {
    std::vector<std::string> screens;
    for (const json& screen : card.value("screens", json::array())) {
        std::string text = screen.value("name", "?");
        if (screen.contains("mode")) {
            text += fmt::format(" {}@{}", screen["mode"].get<std::string>(), screen.value("refresh_hz", 0));
        } else {
            text += screen.value("status", "") == "connected" ? " off" : " " + screen.value("status", "?");
        }
        screens.push_back(text);
    }
    return fmt::format("{}", fmt::join(screens, ", "));
}

std::string table_of_cards(const json& status) {
    Table table({"CARD", "DEVICE", "DRIVER", "NODE", "SCREENS", "FLIPS"});
    for (const json& card : status.value("cards", json::array())) {
        const bool bound = card.value("bound", false);
        table.add({card.value("name", "?"), card.value("device", "(unplugged)"),
                   bound                         ? card.value("driver", "?")
                   : card.value("plugged", false) ? "(none)"
                                                  : "",
                   card.contains("node") ? "/dev/dri/" + card["node"].get<std::string>() : "",
                   screens_of(card), bound ? std::to_string(card.value("flip_count", uint64_t{0})) : ""});
    }
    return table.text(STDOUT_FILENO);
}

std::string table_of_files(const json& status) {
    Table table({"FILE", "NODE", "PID", "COMMAND"});
    const json files = status.value("files", json::array());
    for (const json& file : files) {
        table.add({std::to_string(file.value("number", uint64_t{0})), file.value("node", "?"),
                   std::to_string(file.value("pid", 0)), file.value("command", "?")});
    }
    if (files.empty()) return "no open files\n";
    return table.text(STDOUT_FILENO);
}

std::string holders_of(const json& status) {
    std::string text;
    for (const json& card : status.value("cards", json::array())) {
        const auto holders = card.value("holders", std::vector<std::string>());
        if (holders.empty()) continue;
        text += coloured("REFERENCES OF " + card.value("name", "?"), Colour::Bold, STDOUT_FILENO) + "\n";
        for (const std::string& holder : holders) text += holder + "\n";
    }
    return text;
}

void print_status(const json& status) {
    fmt::print("board {} ({}), daemon {}, {} opens so far\n\n", status.value("board", "?"),
               status.value("directory", "?"), status.value("pid", 0), status.value("opens", uint64_t{0}));
    fmt::print("{}\n{}", table_of_cards(status), table_of_files(status));
    if (const std::string holders = holders_of(status); !holders.empty()) fmt::print("\n{}", holders);
}

}  // namespace

void add_status(CLI::App& app, Action& action) {
    struct Options {
        std::string board;
        bool json = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("status", "Show cards, drivers, screens, open files, references");
    command->footer(
        "Example:\n"
        "  plugboard run -- bash            # then, inside or in another shell:\n"
        "  plugboard status\n"
        "  plugboard status --json          # for programs; docs/control.md has the members");
    command->add_flag("--json", options->json, "The same as JSON, with each card's last flips");
    add_board_option(*command, options->board);
    command->callback([options, &action] {
        action = [options] {
            const auto status =
                ask_board(find_board(options->board), {{"op", "status"}, {"flips", options->json}}).body;
            if (options->json) {
                fmt::print("{}\n", status.dump(2));
            } else {
                print_status(status);
            }
            return 0;
        };
    });
}

}  // namespace plugboard::cli
