// What a configuration is, for people who check one.
#pragma once

#include <nlohmann/json.hpp>

#include "daemon/config/config.h"

namespace plugboard::daemon {

/// Of each card: "name", "driver", and of a vkms "profile", "planes", "crtcs", "screens"
/// ("connector", "connected", "shows") and "differs": the features that stand otherwise than the
/// profile has them. Of one that is like another card also "cannot_imitate", a list of texts.
nlohmann::json describe_cards(const Config& config);

}  // namespace plugboard::daemon
