#include "daemon/control/screens.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>
#include <vector>

#include "daemon/config/screen_spec.h"
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
        if (connector->is_writeback() || connector->is_removed) continue;
        if (name.empty() || connector->name() == name)
            found.push_back({.card = slot.config.name, .drm = *slot.drm, .connector = connector});
    }
}

Outcome<Done> done_of(const std::string& card, const std::string& screen,
                      const Result<void>& done) {
    if (done.ok()) return Done{};
    switch (done.error()) {
        case Errno::NoDev:
            return Problem{.message = fmt::format("{} has gone", card),
                           .remedy = fmt::format("plug it: plugboard plug {}", card)};
        case Errno::NoSpc:
            return Problem{.message = fmt::format("{} has 32 connectors already", card),
                           .remedy = "unplug another one"};
        default: break;
    }
    return Problem{.message = fmt::format("{} has no EDID and no monitors", screen),
                   .remedy = "give it a mode; monitors need a connector such as DP-1 or HDMI-A-1"};
}

Outcome<Done> done_of(const Screen& screen, const Result<void>& done) {
    return done_of(screen.card, screen.name(), done);
}

/// What was there last, or the usual monitor; plugged in.
Outcome<vkms::ScreenConfig> last_or_usual(vkms::ScreenConfig last) {
    const bool is_known = last.mode || !last.edid.empty();
    if (!is_known && last.connector.type != DRM_MODE_CONNECTOR_VIRTUAL) {
        auto usual = screen_of_monitor(usual_monitor, last.connector);
        if (!usual.ok()) return usual.problem();
        last = std::move(usual.value());
    }
    last.connected = true;
    return last;
}

}  // namespace

Outcome<Screen> find_screen(Board& board, std::string_view target) {
    std::vector<Screen> found;
    const auto slash = target.find('/');
    if (slash != std::string_view::npos && !target.starts_with('/')) {
        const auto card = board.slots().find_card(target.substr(0, slash));
        if (!card.ok()) return card.problem();
        add_screens_of(card.value(), target.substr(slash + 1), found);
    } else if (const auto card = board.slots().find_card(target); card.ok()) {
        add_screens_of(card.value(), {}, found);
        if (found.size() > 1) found.erase(found.begin() + 1, found.end());
    } else {
        for (const SlotInfo& slot : board.slots().all()) add_screens_of(slot, target, found);
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

std::optional<EmptyDock> find_empty_dock(Board& board, std::string_view target) {
    const auto slash = target.find('/');
    const std::string_view name = target.substr(slash + 1);  // npos + 1 is 0
    std::vector<SlotInfo> slots;
    if (slash == std::string_view::npos) {
        slots = board.slots().all();
    } else if (const auto card = board.slots().find_card(target.substr(0, slash)); card.ok()) {
        slots.push_back(card.value());
    }
    for (const SlotInfo& slot : slots) {
        if (!slot.drm) continue;
        for (vkms::EmptyPort& port : vkms::empty_ports(**slot.drm)) {
            if (port.name == name)
                return EmptyDock{
                    .card = slot.config.name, .drm = *slot.drm, .port = std::move(port)};
        }
    }
    return std::nullopt;
}

bool is_screen_target(Board& board, std::string_view target) {
    if (board.slots().find_card(target).ok()) return false;
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
    auto again = last_or_usual(std::move(what));
    if (!again.ok()) return again.problem();
    return plug_screen(screen, std::move(again.value()));
}

Outcome<Done> plug_screen(const EmptyDock& dock, vkms::ScreenConfig what) {
    return done_of(dock.card, dock.name(),
                   vkms::plug_screen(*dock.drm, dock.port.port, std::move(what)));
}

Outcome<Done> plug_screen_again(const EmptyDock& dock) {
    auto again = last_or_usual(dock.port.screen);
    if (!again.ok()) return again.problem();
    return plug_screen(dock, std::move(again.value()));
}

Problem nothing_plugged_at(const std::string& name) {
    return {.message = fmt::format("no screen is plugged in at {}", name),
            .remedy = fmt::format("plug one in: plugboard plug {}", name)};
}

Outcome<Done> unplug_screen(const Screen& screen) {
    auto last = plugged_screen(screen);
    if (!last.ok()) return last.problem();
    if (!last.value().connected) {
        return nothing_plugged_at(screen.name());
    }
    last.value().connected = false;
    return plug_screen(screen, std::move(last.value()));
}

}  // namespace plugboard::daemon
