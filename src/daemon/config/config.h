// A board as a person describes it: its cards and their screens.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/problem.h"
#include "drivers/vgem/config.h"
#include "drivers/vkms/config.h"
#include "drm/quota.h"

namespace plugboard::daemon {

/// One slot of the board. The name is the slot's and outlives the device in it.
struct CardConfig {
    std::string name = "gpu0";
    std::string driver = "vkms";
    vkms::Config device{};  // of a vkms card
    vgem::Config vgem{};    // of a vgem card
    /// In what it is not like the card that it was to be like.
    std::vector<std::string> notes{};

    bool has_screens() const { return driver == "vkms"; }
};

/// Plain data. Building devices from it is the board's business.
struct Config {
    std::string bus = "platform";
    std::string clock = "real";  // or "step": time stands still until `plugboard step`
    std::vector<CardConfig> cards = {CardConfig{}};
    drm::Amounts limits = drm::default_limits();  // of each user; 0: none
};

/// The first thing that is wrong, with its key ("card[1].name"), or an empty message.
Problem validate(const Config& config);

/// Whether a slot may have it: it names no node and no connector.
bool is_card_name(const std::string& name);

/// How a connector is written.
std::string connector_remedy();

/// A screen given on the command line: "SPEC" is for the first card that has screens, "gpu1=SPEC"
/// for that one, "DP-1=SPEC" and "gpu1/DP-1=SPEC" say the connector too.
struct ScreenOption {
    std::string card;  // empty: the first that has screens
    std::string spec;  // "office": at another connector it may make another screen
    vkms::ScreenConfig screen;

    bool is_named() const { return screen.connector.number != 0; }
};
Outcome<ScreenOption> parse_screen_option(std::string_view text);
/// Replaces the screens of each card that an option names. One with a layout keeps its connectors:
/// a screen is for the connector that it says, or else the first that no option says. Validates
/// again.
Outcome<Config> apply_screens(Config config, const std::vector<ScreenOption>& options);

// What is read has the screens of the command line already: faults may be about them.
/// Reads and validates a TOML text; `file` is its name for error texts.
Outcome<Config> parse_toml(std::string_view text, const std::string& file,
                           const std::vector<ScreenOption>& screens = {});
/// parse_toml() of a file, or what JSON has.
Outcome<Config> read_config_file(const std::string& file,
                                 const std::vector<ScreenOption>& screens = {});
/// Of daemon/config/presets.h.
Outcome<Config> read_preset(std::string_view name, const std::vector<ScreenOption>& screens = {});

/// Where a board's cards are from. One of these at most; without one it is the usual board.
struct CardSource {
    std::string toml{};  // a file of any kind that read_config_file() takes
    std::string preset{};
    std::string like{};  // what drm_info told of a card
};
Outcome<Config> read_cards(const CardSource& source, const std::vector<ScreenOption>& screens);

}  // namespace plugboard::daemon
