#include "cli/board_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "cli/failure.h"
#include "cli/run_environment.h"

namespace plugboard::cli {
namespace {

constexpr const char* flag_given = "true";  // what CLI11 has for a flag without a value
constexpr const char* config_variable = "PLUGBOARD_CONFIG";
constexpr const char* preset_variable = "PLUGBOARD_PRESET";

}  // namespace

std::string BoardOptions::board_name() const {
    if (!board.empty()) return board;
    std::string name = environment_value("PLUGBOARD_BOARD");
    if (name.starts_with('/')) name.clear();
    return name;
}

bool BoardOptions::has_cards() const {
    return !screens.empty() || step || !config.empty() || !preset.empty() || !like.empty();
}

BoardOptions BoardOptions::with_usual_cards() const {
    BoardOptions options = *this;
    if (!config.empty() || !preset.empty() || !like.empty()) return options;
    options.config = environment_value(config_variable);
    options.preset = environment_value(preset_variable);
    if (!options.config.empty() && !options.preset.empty()) {
        throw Failure(fmt::format("both {} and {} are set", config_variable, preset_variable),
                      "unset one of them, or give -c, -p or --like", Exit::Plugboard);
    }
    return options;
}

CLI::Option* add_like_option(CLI::App& command, BoardOptions& options) {
    return command.add_option(
        "--like", options.like,
        "A card like another: a file that drm_info -j wrote of it. In place of a configuration");
}

void add_board_options(CLI::App& command, BoardOptions& options) {
    command.add_option("-b,--board", options.board,
                       "The board's name (Env: PLUGBOARD_BOARD, if it is a name)");
    command.add_option("-c,--config", options.config,
                       "The board's cards: TOML, or JSON of vkmsctl or drm_info (Env: "
                       "PLUGBOARD_CONFIG, if none of -c, -p and --like is given)");
    command.add_option("-p,--preset", options.preset,
                       "The board's cards, by name; plugboard config presets lists them (Env: "
                       "PLUGBOARD_PRESET, likewise)");
    add_like_option(command, options)->excludes("--config")->excludes("--preset");
    command.add_flag("--step", options.step,
                     "The board's time stands still until plugboard step moves it");
    command
        .add_option("-s,--screen", options.screens,
                    "[NAME=]SPEC: a screen. NAME: a card, a connector (DP-1, HDMI-A-1, eDP-1) or "
                    "CARD/CONNECTOR. SPEC: 1920x1080@60, a monitor, an EDID file, none or default")
        ->allow_extra_args(false);
    command
        .add_option("--debug", options.debug,
                    "Categories of log lines: atomic,kms,... or all; of a board that stays: in its "
                    "own log")
        ->envname("PLUGBOARD_LOG");
    command.add_flag("--trace", options.trace,
                     "Print each ioctl with its arguments, result and, if refused, the reason; to "
                     "FILE with --trace=FILE");
}

std::string trace_file(const std::string& option) {
    return option == flag_given ? "" : std::filesystem::absolute(option).string();
}

}  // namespace plugboard::cli
