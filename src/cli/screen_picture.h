// What a screen shows, from the board.
#pragma once

#include <string>

#include "cli/control_client.h"
#include "cli/picture_diff.h"

namespace plugboard::cli {

/// `screen`: "DP-1", "gpu0/DP-1"; empty: the first.
nlohmann::json screenshot_request(const std::string& screen);
/// Of the answer to it. Throws Failure: no picture came with it.
Picture picture_of(const Answer& answer);

}  // namespace plugboard::cli
