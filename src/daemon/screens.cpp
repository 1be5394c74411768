#include "daemon/screens.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>
#include <vector>

#include "daemon/screen_spec.h"
#include "drivers/vkms/ports.h"
#include "drm/objects/mode_config.h"

namespace plugboard::daemon {
namespace {

constexpr const char* usual_monitor = "office";

/// All of a card, by name; every one if the name is empty.
void add_screens_of(const SlotInfo& slot, std::string_view name, std::vector<Screen>& found) {
    if (!slot.drm || !(*slot.drm)->has_modeset()) return;
    drm::ModeConfig& config = (*slot.drm)->mode_config();
    MutexLock lock(config.lock());
    for (const auto& connector : config.connectors) {
        if (connector->is_writeback()) continue;
        if (name.empty() || connector->name() == name)
            found.push_back({.card = slot.config.name, .drm = *slot.drm, .connector = connector});
    }
}

Outcome<Done> done_of(const Screen& screen, const Result<void>& done) {
    if (done.ok()) return Done{};
    if (done.error() == Errno::NoDev) {
        return Problem{.message = fmt::format("{} has gone", screen.card),
                       .remedy = fmt::format("plug it: plugboard plug {}", screen.card)};
    }
    return Problem{.message = fmt::format("{} has no EDID and no monitors", screen.name()),
                   .remedy = "give it a mode; monitors need a connector such as DP-1 or HDMI-A-1"};
}

}  // namespace

Outcome<Screen> find_screen(Board& board, std::string_view target) {
    std::vector<Screen> found;
    const auto slash = target.find('/');
    if (slash != std::string_view::npos && !target.starts_with('/')) {
        const auto card = board.find_card(target.substr(0, slash));
        if (!card.ok()) return card.problem();
        add_screens_of(card.value(), target.substr(slash + 1), found);
    } else if (const auto card = board.find_card(target); card.ok()) {
        add_screens_of(card.value(), {}, found);
        if (found.size() > 1) found.erase(found.begin() + 1, found.end());
    } else {
        for (const SlotInfo& slot : board.slots()) add_screens_of(slot, target, found);
        if (target.empty() && found.size() > 1) found.erase(found.begin() + 1, found.end());
    }
    if (found.size() == 1) return std::move(found.front());
    if (found.empty()) {
        return Problem{.message = target.empty() ? "the board has no screen"
                                                 : fmt::format("there is no screen \"{}\"", target),
                       .remedy = "plugboard status lists them"};
    }
    std::vector<std::string> names;
    names.reserve(found.size());
    for (const Screen& screen : found) names.push_back(screen.name());
    return Problem{.message = fmt::format("\"{}\" is more than one screen", target),
                   .remedy = fmt::format("use one of: {}", fmt::join(names, ", "))};
}

bool is_screen_target(Board& board, std::string_view target) {
    if (board.find_card(target).ok()) return false;
    const auto slash = target.find('/');  // npos + 1 is 0
    return parse_connector_name(target.substr(slash + 1)).has_value();
}

Outcome<vkms::ScreenConfig> plugged_screen(const Screen& screen) {
    auto plugged = vkms::screen_at(*screen.drm, *screen.connector);
    if (plugged.ok()) return *std::move(plugged);
    return done_of(screen, plugged.error()).problem();
}

Outcome<Done> plug_screen(const Screen& screen, vkms::ScreenConfig what) {
    return done_of(screen, vkms::plug_screen(*screen.drm, screen.connector, std::move(what)));
}

Outcome<Done> plug_screen_again(const Screen& screen) {
    auto last = plugged_screen(screen);
    if (!last.ok()) return last.problem();
    vkms::ScreenConfig& what = last.value();
    if (what.connected) {
        return Problem{.message = fmt::format("a screen is plugged in at {}", screen.name()),
                       .remedy = fmt::format("unplug it first: plugboard unplug {}; or name "
                                             "another one by --monitor, --mode or --edid",
                                             screen.name())};
    }
    const bool is_known = what.mode || !what.edid.empty();
    if (!is_known && what.connector.type != DRM_MODE_CONNECTOR_VIRTUAL) {
        auto usual = screen_of_monitor(usual_monitor, what.connector);
        if (!usual.ok()) return usual.problem();
        what = std::move(usual.value());
    }
    what.connected = true;
    return plug_screen(screen, std::move(what));
}

Outcome<Done> unplug_screen(const Screen& screen) {
    auto last = plugged_screen(screen);
    if (!last.ok()) return last.problem();
    if (!last.value().connected) {
        return Problem{.message = fmt::format("no screen is plugged in at {}", screen.name()),
                       .remedy = fmt::format("plug one in: plugboard plug {}", screen.name())};
    }
    last.value().connected = false;
    return plug_screen(screen, std::move(last.value()));
}

}  // namespace plugboard::daemon
