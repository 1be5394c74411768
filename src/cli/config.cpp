// plugboard config: what a board would be, before there is one.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <memory>

#include "cli/card_command.h"
#include "cli/daemon_process.h"
#include "cli/failure.h"
#include "cli/installation.h"
#include "cli/output.h"
#include "daemon/config/presets.h"

namespace plugboard::cli {
namespace {

using nlohmann::json;

constexpr const char* config_footer =
    "Examples:\n"
    "  plugboard config presets                        # boards that a name is enough for\n"
    "  plugboard config show laptop >board.toml        # one of them, as a file to start from\n"
    "  plugboard config check board.toml               # what it is, or what is wrong: file, line, "
    "key\n"
    "  plugboard config check --like real.json         # the card that up --like would make\n"
    "  plugboard run -c board.toml -- drm_info";

struct CheckOptions {
    BoardOptions board;
    bool json = false;
};

std::string screens_of(const json& card) {
    std::vector<std::string> words;
    for (const json& screen : card.value("screens", json::array())) {
        const bool connected = screen.value("connected", false);
        words.push_back(fmt::format("{}: {}", screen.value("connector", "?"),
                                    connected ? screen.value("shows", "") : "nothing plugged in"));
    }
    return fmt::format("{}", fmt::join(words, "; "));
}

std::string differences_of(const json& card) {
    std::vector<std::string> words;
    const json differs = card.value("differs", json::object());
    for (const auto& [key, value] : differs.items())
        words.push_back(fmt::format("{} = {}", key, value.get<bool>()));
    return fmt::format("{}", fmt::join(words, ", "));
}

std::string table_of(const json& cards) {
    Table table({"CARD", "DRIVER", "PROFILE", "CRTCS", "PLANES", "SCREENS", "DIFFERS"});
    for (const json& card : cards) {
        const bool has_screens = card.contains("screens");
        const auto count = [&](const char* key) {
            return has_screens ? std::to_string(card.value(key, 0)) : std::string();
        };
        table.add({card.value("name", "?"), card.value("driver", "?"), card.value("profile", ""),
                   count("crtcs"), count("planes"), screens_of(card), differences_of(card)});
    }
    return table.text(STDOUT_FILENO);
}

/// What a card cannot imitate of the one that it is like.
void print_notes(const json& cards) {
    for (const json& card : cards) {
        const json notes = card.value("cannot_imitate", json::array());
        for (const json& note : notes)
            print_output(fmt::format("{}: not imitated: {}\n", card.value("name", "?"),
                                     note.get<std::string>()));
    }
}

int check(const CheckOptions& options) {
    DaemonProcess daemon(find_installation(),
                         {.directory = {}, .board = options.board, .check = true});
    const json cards = daemon.wait_until_ready().at("cards");
    print_output(options.json ? cards.dump(2) + "\n" : table_of(cards));
    if (!options.json) print_notes(cards);
    return static_cast<int>(Exit::Ok);
}

int show(const std::string& name) {
    const daemon::Preset* preset = daemon::find_preset(name);
    if (!preset) {
        throw Failure(fmt::format("there is no preset \"{}\"", name),
                      fmt::format("use one of: {}", daemon::preset_names()));
    }
    print_output(preset->toml);
    return static_cast<int>(Exit::Ok);
}

int list(bool as_json) {
    if (!as_json) {
        print_output(daemon::preset_lines());
        return static_cast<int>(Exit::Ok);
    }
    json presets = json::array();
    for (const daemon::Preset& preset : daemon::presets)
        presets.push_back({{"name", preset.name}, {"what", preset.what}, {"toml", preset.toml}});
    print_output(presets.dump(2) + "\n");
    return static_cast<int>(Exit::Ok);
}

void add_check(CLI::App& config, Action& action) {
    auto options = std::make_shared<CheckOptions>();
    CLI::App* command =
        config.add_subcommand("check", "Say what a board would be, or what is wrong");
    command->add_option("FILE", options->board.config,
                        "A board's TOML, or JSON of vkmsctl or drm_info");
    command->add_option("-p,--preset", options->board.preset, "A preset instead");
    add_like_option(*command, options->board)->excludes("FILE")->excludes("--preset");
    command->add_option("-s,--screen", options->board.screens, "As of plugboard run")
        ->allow_extra_args(false);
    command->add_flag("--json", options->json, "A list of objects, for programs");
    command->footer("Exit status: 0, or 125 when something is wrong.");
    command->callback([options, &action] { action = [options] { return check(*options); }; });
}

void add_show(CLI::App& config, Action& action) {
    auto name = std::make_shared<std::string>();
    CLI::App* command = config.add_subcommand("show", "Print a preset, as a file to start from");
    auto* word = command->add_option("PRESET", *name, "Its name");
    auto* option = command->add_option("-p,--preset", *name, "Its name, in place of PRESET");
    word->excludes(option);
    command->callback([=, &action] {
        if (word->empty() && option->empty()) throw CLI::RequiredError("PRESET");
        action = [name] { return show(*name); };
    });
}

void add_presets(CLI::App& config, Action& action) {
    auto as_json = std::make_shared<bool>(false);
    CLI::App* command = config.add_subcommand("presets", "List the presets");
    command->add_flag("--json", *as_json, "A list of objects, for programs");
    command->callback([as_json, &action] { action = [as_json] { return list(*as_json); }; });
}

}  // namespace

void add_config(CLI::App& app, Action& action) {
    CLI::App* command = app.add_subcommand("config", "Presets, and checks of a board's TOML");
    command->footer(config_footer);
    command->require_subcommand(1);
    add_check(*command, action);
    add_show(*command, action);
    add_presets(*command, action);
}

}  // namespace plugboard::cli
