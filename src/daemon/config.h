// A board as a person describes it: its cards and their screens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/problem.h"
#include "daemon/screen_spec.h"

namespace plugboard::daemon {

/// One slot of the board. The name is the slot's and outlives the device in it.
struct CardConfig {
    std::string name = "gpu0";
    std::string driver = "vkms";
    std::string profile = "linux-6.1";
    uint32_t overlays = 0;
    bool cursor = true;
    bool writeback = true;
    std::vector<ScreenSpec> screens;  // empty: what the driver has by itself
};

/// Plain data. Building devices from it is the board's business.
struct Config {
    std::string bus = "platform";
    std::vector<CardConfig> cards = {CardConfig{}};
};

/// The first thing that is wrong, with its key ("card[1].name"), or an empty message.
Problem validate(const Config& config);

/// Reads and validates a TOML text; `file` is its name for error texts.
Outcome<Config> parse_toml(std::string_view text, const std::string& file);
/// parse_toml() of a file.
Outcome<Config> read_config_file(const std::string& file);

/// A screen given on the command line: "SPEC" is for the first card, "gpu1=SPEC" for that one.
struct ScreenOption {
    std::string card;  // empty: the first
    ScreenSpec screen;
};
Outcome<ScreenOption> parse_screen_option(std::string_view text);
/// Replaces the screens of each card that an option names. Validates again.
Outcome<Config> apply_screens(Config config, const std::vector<ScreenOption>& options);

}  // namespace plugboard::daemon
