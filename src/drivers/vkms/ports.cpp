#include "drivers/vkms/ports.h"

#include <algorithm>
#include <array>
#include <optional>

#include "drivers/vkms/card.h"
#include "drm/hotplug.h"

namespace plugboard::vkms {
namespace {

/// Null: the device is no vkms's.
const Card* card_of(drm::Device& device) {
    if (!device.has_modeset()) return nullptr;
    return dynamic_cast<const Card*>(device.mode_config().hooks);
}

/// Calls use(ports) inside the device's gate.
template <class Use>
auto with_ports(drm::Device& device, const Card& card, Use use)
    -> decltype(use(std::declval<Ports&>())) {
    const device::Entered entered = device.enter();
    if (!entered) return Errno::NoDev;
    return use(card.ports().get(entered.bound()));
}

/// The same with (ports, port) of a connector.
template <class Use>
auto with_port(drm::Device& device, const drm::Connector& connector, Use use)
    -> decltype(use(std::declval<Ports&>(), size_t{})) {
    const Card* card = card_of(device);
    const auto port = card ? card->port_of(connector) : std::nullopt;
    if (!port) return Errno::Inval;
    return with_ports(device, *card, [&](Ports& ports) { return use(ports, *port); });
}

/// The connector that a dock's port has now.
MaybeRef<drm::Connector> connector_at(drm::Device& device, const Card& card, size_t port) {
    drm::ModeConfig& config = device.mode_config();
    MutexLock lock(config.lock());
    for (const Ref<drm::Connector>& connector : config.connectors)
        if (!connector->is_removed && card.port_of(*connector) == port) return connector;
    return std::nullopt;
}

/// One step towards what is plugged in at a dock's port.
Result<void> change_once(drm::Device& device, const Card& card, size_t port) {
    const bool is_wanted = TRY(with_ports(device, card, [&](Ports& ports) -> Result<ScreenConfig> {
                               return ports.at(port);
                           })).connected;
    const auto connector = connector_at(device, card, port);
    if (is_wanted == connector.has_value()) {
        if (!connector) return {};
        const std::array connectors{*connector};
        drm::handle_hotplug(device, connectors);
        return {};
    }
    if (connector) {
        drm::remove_connector(device, *connector);
        return {};
    }
    TRY(drm::add_connector(device, card.connector_info(port)));
    return {};
}

/// The connector comes, goes or changes. Outside the gate: who hears of it may do anything, even
/// pull the card.
Result<void> change_dock(drm::Device& device, const Card& card, size_t port) {
    using Step = Result<bool>;
    const auto begin = [&](Ports& ports) -> Step { return ports.begin_change(port); };
    if (!TRY(with_ports(device, card, begin))) return {};
    for (;;) {
        const Result<void> changed = change_once(device, card, port);
        const auto end = [&](Ports& ports) -> Step { return ports.end_change(port); };
        if (TRY(with_ports(device, card, end))) return changed;
    }
}

}  // namespace

Result<ScreenConfig> screen_at(drm::Device& device, const drm::Connector& connector) {
    return with_port(device, connector, [](Ports& ports, size_t port) -> Result<ScreenConfig> {
        return ports.at(port);
    });
}

Result<void> plug_screen(drm::Device& device, Ref<drm::Connector> connector, ScreenConfig screen,
                         HotplugEvent event) {
    const auto plug = [&](Ports& ports, size_t port) -> Result<bool> {
        screen.connector = ports.at(port).connector;
        if (screen.connector.type == DRM_MODE_CONNECTOR_VIRTUAL && !screen.edid.empty())
            return Errno::Inval;
        return ports.plug(port, screen);
    };
    if (!TRY(with_port(device, *connector, plug))) return {};
    if (screen.connector.dock) return change_dock(device, *card_of(device), connector->info().port);
    // Outside the gate: who hears of it may do anything, even pull the card.
    const std::array connectors{std::move(connector)};
    if (event == HotplugEvent::NamesNone) {
        drm::handle_unnamed_hotplug(device, connectors);
    } else {
        drm::handle_hotplug(device, connectors);
    }
    return {};
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
    const Card* card = card_of(device);
    if (!card || port >= card->port_count()) return Errno::Inval;
    const auto plug = [&](Ports& ports) -> Result<bool> {
        screen.connector = ports.at(port).connector;
        if (!screen.connector.dock) return Errno::Inval;
        return ports.plug(port, screen);
    };
    if (!TRY(with_ports(device, *card, plug))) return {};
    return change_dock(device, *card, port);
}

}  // namespace plugboard::vkms
