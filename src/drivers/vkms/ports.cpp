#include "drivers/vkms/ports.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "drivers/vkms/card.h"
#include "drm/hotplug.h"

namespace plugboard::vkms {
namespace {

/// Null: the device is no vkms's.
Card* card_of(drm::Device& device) {
    if (!device.has_modeset()) return nullptr;
    return dynamic_cast<Card*>(device.mode_config().hooks);
}

/// Calls use(ports) inside the device's gate.
template <class Use>
auto with_ports(drm::Device& device, const Card& card, Use use)
    -> decltype(use(std::declval<Ports&>())) {
    const device::Entered entered = device.enter();
    if (!entered) return Errno::NoDev;
    return use(card.ports().get(entered.bound()));
}

/// The connector that a dock's port has now.
MaybeRef<drm::Connector> connector_at(drm::Device& device, const Card& card, size_t port) {
    drm::ModeConfig& config = device.mode_config();
    MutexLock lock(config.lock());
    for (const Ref<drm::Connector>& connector : config.connectors)
        if (!connector->is_removed && card.port_of(*connector) == port) return connector;
    return std::nullopt;
}

/// The connector comes, goes or changes with what is plugged in at a dock's port.
Result<void> follow_dock(drm::Device& device, const Card& card, size_t port, bool is_wanted) {
    const auto connector = connector_at(device, card, port);
    if (is_wanted && !connector) {
        TRY(drm::add_connector(device, card.connector_info(port)));
    } else if (is_wanted) {
        const std::array connectors{*connector};
        drm::handle_hotplug(device, connectors);
    } else if (connector) {
        drm::remove_connector(device, *connector);
    }
    return {};
}

/// What tell(device, screen) does follows what is plugged in; its error takes that back. Outside
/// the gate: who hears of it may do anything, even pull the card.
template <class Tell>
Result<void> change_port(drm::Device& device, Card& card, size_t port, ScreenConfig screen,
                         Tell tell) {
    const auto turn = TRY(card.turns().take(port));
    const auto plug = [&](Ports& ports) -> Result<ScreenConfig> {
        screen.connector = ports.at(port).connector;
        if (screen.connector.type == DRM_MODE_CONNECTOR_VIRTUAL && !screen.edid.empty())
            return Errno::Inval;
        return ports.exchange(port, screen);
    };
    const ScreenConfig before = TRY(with_ports(device, card, plug));
    if (before == screen) return {};
    const Result<void> told = tell(screen);
    if (told.ok()) return {};
    const auto take_back = [&](Ports& ports) -> Result<void> {
        ports.exchange(port, before);
        return {};
    };
    (void)with_ports(device, card, take_back);  // NoDev: there is nothing to take back
    return told;
}

}  // namespace

Result<ScreenConfig> screen_at(drm::Device& device, const drm::Connector& connector) {
    const Card* card = card_of(device);
    const auto port = card ? card->port_of(connector) : std::nullopt;
    if (!port) return Errno::Inval;
    return with_ports(device, *card,
                      [&](Ports& ports) -> Result<ScreenConfig> { return ports.at(*port); });
}

Result<void> plug_screen(drm::Device& device, Ref<drm::Connector> connector, ScreenConfig screen,
                         HotplugEvent event) {
    Card* card = card_of(device);
    const auto port = card ? card->port_of(*connector) : std::nullopt;
    if (!port) return Errno::Inval;
    const auto tell = [&](const ScreenConfig& now) -> Result<void> {
        if (now.connector.dock) return follow_dock(device, *card, *port, now.connected);
        const std::array connectors{std::move(connector)};
        if (event == HotplugEvent::NamesNone) {
            drm::handle_unnamed_hotplug(device, connectors);
        } else {
            drm::handle_hotplug(device, connectors);
        }
        return {};
    };
    return change_port(device, *card, *port, std::move(screen), tell);
}

std::vector<EmptyPort> empty_ports(drm::Device& device) {
    std::vector<EmptyPort> empty;
    const Card* card = card_of(device);
    const device::Entered entered = device.enter();
    if (!card || !entered) return empty;
    const Ports& ports = card->ports().get(entered.bound());
    for (size_t port = 0; port < card->port_count(); ++port) {
        ScreenConfig screen = ports.at(port);
        if (!screen.connector.dock || connector_at(device, *card, port)) continue;
        empty.push_back({port, connector_name(screen.connector), std::move(screen)});
    }
    return empty;
}

Result<void> plug_screen(drm::Device& device, size_t port, ScreenConfig screen) {
    Card* card = card_of(device);
    if (!card || port >= card->port_count() || !card->is_docks(port)) return Errno::Inval;
    return change_port(device, *card, port, std::move(screen), [&](const ScreenConfig& now) {
        return follow_dock(device, *card, port, now.connected);
    });
}

Result<PortTurns::Turn> PortTurns::take(size_t port) {
    const std::thread::id self = std::this_thread::get_id();
    MutexLock lock(mutex_);
    for (;;) {
        const auto [taker, is_free] = takers_.emplace(port, self);
        if (is_free) return Turn(*this, port);
        if (taker->second == self) return Errno::Busy;
        ended_.wait(lock);
    }
}

void PortTurns::end(size_t port) {
    MutexLock lock(mutex_);
    takers_.erase(port);
    ended_.notify_all();
}

}  // namespace plugboard::vkms
