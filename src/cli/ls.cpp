// plugboard ls: the boards that live.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "cli/card_command.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "cli/status_text.h"

namespace plugboard::cli {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds patience{2};  // with each board

/// What `ls --json` says of a board; nothing when it ended meanwhile.
std::optional<json> describe(const std::string& name) {
    const std::string directory = board_directory(name);
    const auto since = board_start(directory);
    if (!since) return std::nullopt;
    json board = {{"name", name},
                  {"directory", directory},
                  {"since", fmt::format("{:%FT%TZ}", fmt::gmtime(*since))},
                  {"answers", true}};
    try {
        const json status = ask_board(directory, {{"op", "status"}}, patience).body;
        board["pid"] = status.value("pid", 0);
        board["stays"] = status.value("stays", false);
        board["opens"] = status.value("opens", uint64_t{0});
        board["files"] = status.value("files", json::array()).size();
        board["cards"] = json::array();
        for (const json& card : status.value("cards", json::array())) {
            board["cards"].push_back({{"name", card.value("name", "?")},
                                      {"plugged", card.value("plugged", false)},
                                      {"screens", card.value("screens", json::array())}});
        }
    } catch (const Failure&) {
        if (!is_alive(directory)) return std::nullopt;
        board["answers"] = false;  // it starts, ends or hangs
    }
    return board;
}

std::string table_of(const json& boards, int fd) {
    Table table({"BOARD", "DAEMON", "STAYS", "CARDS", "SCREENS", "FILES", "SINCE"});
    for (const json& board : boards) {
        const auto since = board.value("since", "");
        if (!board.value("answers", false)) {
            table.add({board.value("name", "?"), "(does not answer)", "", "", "", "", since});
            continue;
        }
        std::vector<std::string> cards, screens;
        for (const json& card : board["cards"]) {
            cards.push_back(card.value("name", "?") +
                            (card.value("plugged", false) ? "" : " (unplugged)"));
            if (const std::string text = screens_text(card); !text.empty()) screens.push_back(text);
        }
        table.add({board.value("name", "?"), std::to_string(board.value("pid", 0)),
                   board.value("stays", false) ? "yes" : "no",
                   fmt::format("{}", fmt::join(cards, ", ")),
                   fmt::format("{}", fmt::join(screens, ", ")),
                   std::to_string(board.value("files", size_t{0})), since});
    }
    return table.text(fd);
}

}  // namespace

void add_ls(CLI::App& app, Action& action) {
    auto as_json = std::make_shared<bool>(false);
    CLI::App* command =
        app.add_subcommand("ls", "List your boards: those of runs and those that stay");
    command->footer(
        "Example:\n"
        "  plugboard up -b ci; plugboard ls\n"
        "  plugboard ls --json | jq -r '.[].name'\n"
        "A board stays when it was started by up or run --keep; plugboard down ends it.");
    command->add_flag("--json", *as_json, "A list of objects, for programs");
    command->callback([as_json, &action] {
        action = [as_json] {
            json boards = json::array();
            for (const std::string& name : living_boards()) {
                if (auto board = describe(name)) boards.push_back(std::move(*board));
            }
            if (*as_json) {
                print_output(boards.dump(2) + "\n");
            } else if (boards.empty()) {
                print_output("no board lives; start one: plugboard up\n");
            } else {
                print_output(table_of(boards, STDOUT_FILENO));
            }
            return 0;
        };
    });
}

}  // namespace plugboard::cli
