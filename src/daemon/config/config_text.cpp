#include "daemon/config/config_text.h"

#include <fmt/format.h>

#include <map>

#include "drivers/vkms/layout.h"
#include "drm/edid/parse.h"
#include "drm/objects/connector.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

std::string shown_by(const vkms::ScreenConfig& screen) {
    if (!screen.edid.empty()) {
        const auto edid = drm::edid::parse(screen.edid);
        if (!edid.ok()) return "a broken EDID";
        return edid->name.empty() ? fmt::format("an EDID of {} bytes", screen.edid.size())
                                  : edid->name;
    }
    if (!screen.mode) return "the modes of a screen without EDID";
    return fmt::format("{}x{}@{:g}", screen.mode->width, screen.mode->height,
                       screen.mode->refresh_hz);
}

json screens_of(const vkms::Config& device) {
    std::map<uint32_t, uint32_t> numbers;  // the last of each type
    json screens = json::array();
    for (const vkms::ScreenConfig& screen : device.screens) {
        const uint32_t type = screen.connector.type;
        uint32_t& last = numbers[type];
        last = screen.connector.number != 0 ? screen.connector.number : last + 1;
        screens.push_back(
            {{"connector", fmt::format("{}-{}", drm::connector_type_name(type), last)},
             {"connected", screen.connected},
             {"shows", shown_by(screen)}});
    }
    return screens;
}

json differences(const vkms::Config& device) {
    const vkms::Features usual = vkms::with_profile(device.profile).features;
    json differs = json::object();
    for (const vkms::FeatureName& feature : vkms::feature_names()) {
        const bool value = device.features.*feature.member;
        if (value != usual.*feature.member) differs[std::string(feature.key)] = value;
    }
    return differs;
}

}  // namespace

json describe_cards(const Config& config) {
    json cards = json::array();
    for (const CardConfig& card : config.cards) {
        json& one = cards.emplace_back(json{{"name", card.name}, {"driver", card.driver}});
        if (!card.notes.empty()) one["cannot_imitate"] = card.notes;
        if (!card.has_screens()) continue;
        const vkms::Layout layout = vkms::layout_of(card.device);
        one["profile"] = vkms::profile_name(card.device.profile);
        one["planes"] = layout.planes.size();
        one["crtcs"] = layout.crtcs.size();
        one["screens"] = screens_of(card.device);
        one["differs"] = differences(card.device);
    }
    return cards;
}

}  // namespace plugboard::daemon
