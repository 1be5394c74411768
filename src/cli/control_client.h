// One connection to a board's control socket. docs/control.md has the protocol.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/unique_fd.h"

namespace plugboard::cli {

/// What a socket of JSON lines says: the object, and a descriptor that came with it.
struct Answer {
    nlohmann::json body;
    UniqueFd attachment;
};

/// Sends a line and waits for one. Throws Failure when there is no answer in time (none: for ever).
Answer exchange(int socket, const nlohmann::json& request,
                std::optional<std::chrono::milliseconds> timeout = std::nullopt);
/// Waits for a line.
Answer receive_line(int socket, std::optional<std::chrono::milliseconds> timeout = std::nullopt);

/// Connects to the board in that directory, asks, and gives a good answer. Throws Failure for a bad
/// one, with the board's own words.
Answer ask_board(const std::string& directory, nlohmann::json request,
                 std::optional<std::chrono::milliseconds> timeout = std::nullopt);

}  // namespace plugboard::cli
