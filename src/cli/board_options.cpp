#include "cli/board_options.h"

#include <CLI/CLI.hpp>

#include <filesystem>

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
    return !screens.empty() || step ||
           (!config.empty() && config != environment_value(config_variable)) ||
           (!preset.empty() && preset != environment_value(preset_variable));
}

void add_board_options(CLI::App& command, BoardOptions& options) {
    command.add_option("-b,--board", options.board,
                       "The board's name (Env: PLUGBOARD_BOARD, if it is a name)");
    command
        .add_option("-c,--config", options.config,
                    "The board's cards: TOML, or JSON of vkmsctl or drm_info")
        ->envname(config_variable);
    command
        .add_option("-p,--preset", options.preset,
                    "The board's cards, by name; plugboard config presets lists them")
        ->envname(preset_variable);
    command
        .add_option(
            "--like", options.config,
            "A card like another: a file that drm_info -j wrote of it. In place of --config")
        ->excludes("--config")
        ->excludes("--preset");
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
