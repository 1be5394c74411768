#include "drm/connector_sysfs.h"

#include <functional>
#include <string>
#include <string_view>

#include "base/page.h"
#include "drm/minors.h"
#include "drm/objects/connector_probe.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {
namespace {

struct ConnectorPath {
    device::Model* model;  // outlives every device
    uint32_t minor;
    ObjectId id;
};

Result<std::string> show(const ConnectorPath& path,
                         const std::function<std::string(Device&, Connector&)>& text) {
    const auto device = find_device(*path.model, NodeType::Primary, path.minor);
    if (!device) return Errno::NoDev;
    const auto connector = find_connector(**device, path.id);
    if (!connector) return Errno::NoDev;
    return text(**device, **connector);
}

const char* status_name(ConnectorStatus status) {
    switch (status) {
        case ConnectorStatus::Connected: return "connected";
        case ConnectorStatus::Disconnected: return "disconnected";
        case ConnectorStatus::Unknown: break;
    }
    return "unknown";
}

std::string show_status(Device& device, Connector& connector) {
    MutexLock lock(device.mode_config().lock());
    return std::string(status_name(connector.status)) + "\n";
}

std::string show_enabled(Device& device, Connector& connector) {
    MutexLock lock(device.mode_config().lock());
    return connector.state.crtc ? "enabled\n" : "disabled\n";
}

std::string show_dpms(Device& device, Connector& connector) {
    static constexpr const char* names[] = {"On\n", "Standby\n", "Suspend\n", "Off\n"};
    MutexLock lock(device.mode_config().lock());
    return names[connector.dpms & 3];
}

std::string show_modes(Device& device, Connector& connector) {
    std::string text;
    MutexLock lock(device.mode_config().lock());
    for (const Mode& mode : connector.modes) {
        if (text.size() + mode.name().size() + 2 > page_size) break;
        text.append(mode.name()).append("\n");
    }
    return text;
}

/// Binary.
std::string show_edid(Device& device, Connector& connector) {
    MutexLock lock(device.mode_config().lock());
    if (!connector.edid) return {};
    const auto bytes = (*connector.edid)->bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Result<void> store_status(const ConnectorPath& path, std::string_view words) {
    const auto device = find_device(*path.model, NodeType::Primary, path.minor);
    if (!device) return Errno::NoDev;
    const auto connector = find_connector(**device, path.id);
    if (!connector) return Errno::NoDev;

    if (words.ends_with('\n')) words.remove_suffix(1);
    std::optional<ConnectorForce> force;
    if (words == "detect") force = ConnectorForce::Unspecified;
    if (words == "on") force = ConnectorForce::On;
    if (words == "on-digital") force = ConnectorForce::OnDigital;
    if (words == "off") force = ConnectorForce::Off;
    bool probes = false;
    {
        MutexLock lock((*device)->mode_config().lock());
        const ConnectorForce old = (*connector)->force;
        if (force) (*connector)->force = *force;
        // Also after a wrong word while nothing is forced. Linux: status_store
        probes = old != (*connector)->force || (*connector)->force == ConnectorForce::Unspecified;
    }
    if (probes) probe_connector(**device, **connector);
    if (!force) return Errno::Inval;
    return {};
}

}  // namespace

device::DeviceInfo connector_device(Device& device, const Connector& connector,
                                    device::Device& card) {
    const ConnectorPath path{&device.parent().model(), device.primary_minor(), connector.id()};
    const auto reads = [&](const char* name, std::function<std::string(Device&, Connector&)> text) {
        return device::Attribute{
            .name = name,
            .show = [path, text = std::move(text)] { return show(path, text); },
        };
    };
    device::DeviceInfo info;
    info.name = device.card_name() + "-" + connector.name();
    info.parent = &card;
    info.device_class = card.info().device_class;
    info.is_deleted_by_owner = true;
    info.devtype = "drm_connector";
    device::Attribute status = reads("status", show_status);
    status.mode = 0644;
    status.store = [path](std::string_view words) { return store_status(path, words); };
    info.attributes.push_back(std::move(status));
    info.attributes.push_back(reads("enabled", show_enabled));
    info.attributes.push_back(reads("dpms", show_dpms));
    info.attributes.push_back(reads("modes", show_modes));
    info.attributes.push_back(reads("edid", show_edid));
    if (!device.info().like_linux_6_1) {
        info.attributes.push_back(reads("connector_id", [](Device&, Connector& of) {
            return std::to_string(raw(of.id())) + "\n";
        }));
    }
    return info;
}

}  // namespace plugboard::drm
