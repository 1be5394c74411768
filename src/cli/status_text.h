// A board's status as tables for people.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace plugboard::cli {

/// The card's screens and what they show, in a line.
std::string screens_text(const nlohmann::json& card);
/// The answer to the op "status". `fd` is where it goes: colour on a terminal only.
std::string status_text(const nlohmann::json& status, int fd);

}  // namespace plugboard::cli
