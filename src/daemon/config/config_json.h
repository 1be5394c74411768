// Boards that other programs describe, in JSON: a card as drm_info tells of it, and the devices
// that vkmsctl makes, whose planes, CRTCs, encoders and connectors name each other.
#pragma once

#include <string>
#include <string_view>

#include "daemon/config/config.h"
#include "daemon/config/problem.h"

namespace plugboard::daemon {

/// No TOML begins so.
bool is_json(std::string_view text);
/// Of vkmsctl one device, or a list of them. Problems have the key, and a line if it is no JSON.
Outcome<Config> parse_json_config(std::string_view text, const std::string& file);

}  // namespace plugboard::daemon
