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

using Timeout = std::optional<std::chrono::milliseconds>;
/// For what a board does at once.
inline constexpr std::chrono::seconds answer_time{10};
/// For what ends when a card's clients and drivers have let go, however long that takes.
inline constexpr Timeout no_timeout = std::nullopt;

/// Sends a line and waits for one. Throws Failure when there is no answer in time.
Answer exchange(int socket, const nlohmann::json& request, Timeout timeout);
/// Waits for a line.
Answer receive_line(int socket, Timeout timeout);

/// A connection to the board in that directory; it hangs up at the board's end. Throws Failure.
UniqueFd connect_to_board(const std::string& directory);
/// A connection of its own, on which the request is on its way. Throws Failure.
UniqueFd send_request(const std::string& directory, nlohmann::json request);
/// A good answer. Throws Failure for a bad one, with the board's own words, and when there is none
/// in time.
Answer receive_answer(int socket, Timeout timeout = answer_time);
/// Both.
Answer ask_board(const std::string& directory, nlohmann::json request,
                 Timeout timeout = answer_time);

}  // namespace plugboard::cli
