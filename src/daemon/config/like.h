// A card like one that somebody else has: made from what `drm_info -j` says of that.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "daemon/config/config.h"
#include "daemon/config/problem.h"

namespace plugboard::daemon {

/// Of one card's part of the file. Problems have a key, and no file.
Outcome<vkms::Config> config_like(const nlohmann::json& card);

/// What a card of this config is not like, each with its key: "planes[0].properties.zpos: the card
/// has none". `card` has been read by config_like(). Makes the card, for a moment.
std::vector<std::string> differences_of(const nlohmann::json& card, const vkms::Config& config);

/// A card from the whole text: that of the only node, or that which is the file's all. With `notes`
/// in which it is not like it. Problems name `file`.
Outcome<CardConfig> parse_likeness(std::string_view text, const std::string& file);
Outcome<CardConfig> read_likeness(const std::string& file);
/// With this card alone.
Config board_of(CardConfig card);

}  // namespace plugboard::daemon
