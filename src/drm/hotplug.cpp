#include "drm/hotplug.h"

#include <algorithm>
#include <string>
#include <utility>

#include "drm/connector_registration.h"
#include "drm/objects/connector_probe.h"
#include "drm/objects/connector_properties.h"
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

Result<Ref<Connector>> add_connector(Device& device, ConnectorInfo info) {
    const auto properties = optional_properties(device.mode_config().properties, info.options);
    if (std::ranges::find(properties, nullptr) != properties.end()) return Errno::Inval;
    if (device.is_gone()) return Errno::NoDev;
    const auto connector = TRY(Connector::create_dynamic(device, std::move(info)));
    probe_connector(device, *connector);
    if (const auto shown = show_connector(device, *connector); !shown.ok()) {
        remove_connector(device, connector);
        return shown.error();
    }
    tell_clients(device, *connector);
    return connector;
}

void remove_connector(Device& device, const Ref<Connector>& connector) {
    ModeConfig& config = device.mode_config();
    {
        MutexLock lock(config.lock());
        if (std::exchange(connector->is_removed, true)) return;
    }
    probe_connector(device, *connector);  // there is no screen any more
    hide_connector(device, *connector);
    MaybeRef<Connector> unlisted;  // declared first, so dropped after the lock
    {
        MutexLock lock(config.lock());
        connector->is_hidden = true;
        unlisted = config.unlist_if_unused(*connector);
    }
    if (unlisted) ObjectIds::remove(*connector);
    if (!device.is_gone()) device.send_uevent({{"HOTPLUG", "1"}});
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
