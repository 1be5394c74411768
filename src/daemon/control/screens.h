// The screens of a board's cards: found by name, plugged, unplugged and set while it runs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/board.h"
#include "daemon/config/problem.h"
#include "drivers/vkms/ports.h"
#include "drm/hotplug.h"

namespace plugboard::daemon {

/// A connector that screens are plugged into.
struct Screen {
    std::string card;  // the slot
    Ref<drm::Device> drm;
    Ref<drm::Connector> connector;

    /// "gpu0/DP-1"
    std::string name() const { return card + "/" + connector->name(); }
};

/// "DP-1", "gpu0/DP-1", "card0/DP-1"; a card alone is its first screen, no text the first one at
/// all. A problem: none, or "DP-1" on more than one card.
Outcome<Screen> find_screen(Board& board, std::string_view target);
/// A port of a dock where nothing is plugged in, so that there is no connector yet.
struct EmptyDock {
    std::string card;  // the slot
    Ref<drm::Device> drm;
    vkms::EmptyPort port;

    std::string name() const { return card + "/" + port.name; }
};
/// "DP-4", "gpu0/DP-4". Nothing: no such port, or something is plugged in there.
std::optional<EmptyDock> find_empty_dock(Board& board, std::string_view target);
/// Whether a text is about a screen and not about a card.
bool is_screen_target(Board& board, std::string_view target);

/// What is plugged in there; of a card that went meanwhile: a problem.
Outcome<vkms::ScreenConfig> plugged_screen(const Screen& screen);
/// Plugs it in, in the place of what is there. Returns when the clients have been told.
Outcome<Done> plug_screen(const Screen& screen, vkms::ScreenConfig what);
Outcome<Done> plug_screen(const EmptyDock& dock, vkms::ScreenConfig what);
/// What was there last; what the monitor "office" is, if nothing ever was.
Outcome<Done> plug_screen_again(const Screen& screen);
Outcome<Done> plug_screen_again(const EmptyDock& dock);
Outcome<Done> unplug_screen(const Screen& screen);
/// Why nothing can be unplugged there.
Problem nothing_plugged_at(const std::string& name);

}  // namespace plugboard::daemon
