// What a scenario does, and the file that says it: docs/scenario.md.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/control_client.h"
#include "cli/picture_diff.h"

namespace plugboard::cli {

/// Ask the board, which does it.
struct BoardAction {
    nlohmann::json request;
    Timeout timeout;
};

/// Send the command a signal.
struct CommandSignal {
    int number = 0;
};

/// Wait until the board says that it has happened.
struct BoardExpectation {
    nlohmann::json request;
    bool needs_command = false;  // it does not happen by itself
};

struct PictureExpectation {
    std::string screen;  // empty: the first
    std::string file;
    Picture reference;
    uint32_t tolerance = 0;
};

struct ExitExpectation {
    int status = 0;  // as a shell reports it
};

struct Step {
    std::string name;  // "unplug DP-1"
    int line = 0;
    std::optional<std::chrono::milliseconds> at{};  // since the command's start
    std::chrono::milliseconds within = std::chrono::seconds(5);
    std::variant<BoardAction, CommandSignal, BoardExpectation, PictureExpectation, ExitExpectation>
        what{};
};

struct Scenario {
    std::string file;
    std::vector<Step> steps;
};

/// Reads also the files that it names. Throws Failure (125): "scenario.toml:3: step 2: ...".
Scenario read_scenario(const std::string& file);
/// Of a file with that text; other files are relative to its folder.
Scenario parse_scenario(std::string_view text, const std::string& file);

}  // namespace plugboard::cli
