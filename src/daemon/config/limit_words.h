// The limits of a card as people write them: "planes=2 plane=overlay"; docs/faults.md has the keys.
#pragma once

#include "daemon/config/rule_words.h"
#include "drivers/vkms/limit_rules.h"

namespace plugboard::daemon {

/// How the value of a key may be written in a TOML.
ValueKind limit_value_kind(std::string_view key);

/// What no rule can be is the driver's to say: vkms::validate().
Outcome<vkms::LimitRule> parse_limit(const Words& words);

}  // namespace plugboard::daemon
