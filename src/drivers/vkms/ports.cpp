#include "drivers/vkms/ports.h"

#include <array>
#include <optional>

#include "drivers/vkms/card.h"
#include "drm/hotplug.h"

namespace plugboard::vkms {
namespace {

/// Calls use(ports, port) inside the device's gate.
template <class Use>
auto with_port(drm::Device& device, const drm::Connector& connector, Use use)
    -> decltype(use(std::declval<Ports&>(), size_t{})) {
    if (!device.has_modeset()) return Errno::Inval;
    const auto* card = dynamic_cast<const Card*>(device.mode_config().hooks);
    const auto port = card ? card->port_of(connector) : std::nullopt;
    if (!port) return Errno::Inval;
    const device::Entered entered = device.enter();
    if (!entered) return Errno::NoDev;
    return use(card->ports().get(entered.bound()), *port);
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
        return ports.plug(port, std::move(screen));
    };
    if (!TRY(with_port(device, *connector, plug))) return {};
    // Outside the gate: who hears of it may do anything, even pull the card.
    const std::array connectors{std::move(connector)};
    if (event == HotplugEvent::NamesNone) {
        drm::handle_unnamed_hotplug(device, connectors);
    } else {
        drm::handle_hotplug(device, connectors);
    }
    return {};
}

}  // namespace plugboard::vkms
