#include "drm/hotplug.h"

#include <string>
#include <utility>

#include "drm/objects/connector_probe.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {
namespace {

/// Linux: drm_sysfs_connector_hotplug_event
void tell_clients(Device& device, const Connector& connector) {
    device.send_uevent({{"HOTPLUG", "1"}, {"CONNECTOR", std::to_string(raw(connector.id()))}});
}

}  // namespace

void handle_unnamed_hotplug(Device& device, std::span<const Ref<Connector>> connectors) {
    if (connectors.empty() || device.is_gone()) return;
    for (const Ref<Connector>& connector : connectors) probe_connector(device, *connector);
    device.send_uevent({{"HOTPLUG", "1"}});
}

void handle_hotplug(Device& device, std::span<const Ref<Connector>> connectors) {
    if (connectors.empty() || device.is_gone()) return;
    if (connectors.size() > 1) return handle_unnamed_hotplug(device, connectors);
    probe_connector(device, *connectors.front());
    tell_clients(device, *connectors.front());
}

void set_link_status(Device& device, Connector& connector, LinkStatus status) {
    if (device.is_gone()) return;
    const auto value = static_cast<uint32_t>(status);
    {
        MutexLock lock(device.mode_config().lock());
        if (std::exchange(connector.state.link_status, value) == value) return;
    }
    tell_clients(device, connector);
}

void tell_property_change(Device& device, const Connector& connector, const Property& property) {
    if (device.is_gone()) return;
    device.send_uevent({{"HOTPLUG", "1"},
                        {"CONNECTOR", std::to_string(raw(connector.id()))},
                        {"PROPERTY", std::to_string(raw(property.id()))}});
}

}  // namespace plugboard::drm
