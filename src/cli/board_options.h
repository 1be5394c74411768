// The options of the commands that may start a board: run and up.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace plugboard::cli {

struct BoardOptions {
    std::string board{};                 // its name, or the path of one that lives; may be empty
    std::string config{};                // of any kind that read_config_file() takes
    std::string preset{};                // of daemon/config/presets.h; instead of `config`
    std::string like{};                  // what drm_info told of a card; instead of both
    std::vector<std::string> screens{};  // [NAME=]SPEC
    bool step = false;                   // its time stands still until plugboard step
    std::string debug{};                 // categories
    std::string trace{};                 // as trace_file() takes it; empty: none

    /// `board`, or the name in $PLUGBOARD_BOARD. A path there is that of a board around this
    /// process, which is not meant.
    std::string board_name() const;
    /// Whether cards were asked for here, not by a variable for all boards.
    bool has_cards() const;
    /// Of a board that is started: what the variables for all boards say, if no card was asked for.
    /// Throws Failure.
    BoardOptions with_usual_cards() const;
};

/// What --trace and --trace=FILE give: FILE from the root on; empty for the board's own log.
std::string trace_file(const std::string& option);

/// --like, which the caller says what it excludes of.
CLI::Option* add_like_option(CLI::App& command, BoardOptions& options);
void add_board_options(CLI::App& command, BoardOptions& options);

}  // namespace plugboard::cli
