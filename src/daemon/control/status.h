// What a board is and does, as the JSON of `plugboard status --json`. docs/control.md has the
// members.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "daemon/board.h"

namespace plugboard::daemon {

/// Whether the last flips of each card are part of it.
enum class Detail { Brief, Flips };

nlohmann::json board_status(Board& board, Detail detail);

/// The newest flips of a card, oldest first.
nlohmann::json card_flips(drm::Device& drm, size_t at_most);

}  // namespace plugboard::daemon
