// What people ask of a board, as requests of the control protocol: for the command of that name,
// and for the steps of a scenario.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/control_client.h"

namespace plugboard::cli {

/// At most one of the last three.
struct PlugWords {
    std::string target;   // a connector or a card
    std::string edid;     // a file
    std::string monitor;  // of daemon/config/monitors.h
    std::string mode;     // "1920x1080@60"
};

/// `spec` is as in a board's TOML: a mode, a monitor's name, or an EDID file relative to `folder`.
/// Throws Failure: it is neither.
PlugWords plug_words(std::string target, const std::string& spec, const std::string& folder);
/// Throws Failure: the file cannot be read.
nlohmann::json plug_request(const PlugWords& words);

/// `inside`: empty, or "MODE_ATOMIC:wait". Throws Failure: it has no colon.
nlohmann::json unplug_request(const std::string& target, const std::string& inside);

/// `setting`: "link-status=bad". Throws Failure: it has no value.
nlohmann::json set_request(const std::string& target, const std::string& setting);

/// `words`: the card, add, list or clear, then KEY=VALUE words, or an id. Throws Failure: they are
/// not that.
nlohmann::json fault_request(const std::vector<std::string>& words);

nlohmann::json seat_request(const std::string& action);
/// Of an answer to "pause": who goes on nevertheless.
void warn_of_others(const nlohmann::json& answer);

struct WaitWords {
    std::string what;  // "flips=10", "mode", "uevent=HOTPLUG=1", ...
    std::string on;    // a screen or a card; may be empty
    Timeout timeout;
};
/// Throws Failure: a number of flips that is none.
nlohmann::json wait_request(const WaitWords& words);

}  // namespace plugboard::cli
