#include "drm/objects/connector_probe.h"

#include <utility>

#include "drm/device.h"
#include "drm/objects/mode_config.h"
#include "drm/objects/mode_list.h"

namespace plugboard::drm {
namespace {

ConnectorStatus detect(const Connector& connector, ConnectorForce force) {
    switch (force) {
        case ConnectorForce::Off: return ConnectorStatus::Disconnected;
        case ConnectorForce::On:
        case ConnectorForce::OnDigital: return ConnectorStatus::Connected;
        case ConnectorForce::Unspecified: break;
    }
    return connector.info().detect ? connector.info().detect() : ConnectorStatus::Connected;
}

std::vector<Mode> find_modes(const Connector& connector, const KmsLimits& limits) {
    std::vector<Mode> modes;
    if (connector.info().modes) modes = connector.info().modes();
    if (modes.empty()) modes = noedid_modes(noedid_fallback.width, noedid_fallback.height);
    std::erase_if(modes, [&](const Mode& mode) {
        return mode.size().width > limits.max_width || mode.size().height > limits.max_height;
    });
    return modes;
}

}  // namespace

void probe_connector(Device& device, Connector& connector) {
    if (device.is_gone()) return;
    ModeConfig& config = device.mode_config();
    ConnectorForce force{};
    {
        MutexLock lock(config.lock());
        force = connector.force;
    }
    const ConnectorStatus status = detect(connector, force);
    std::vector<Mode> modes;
    if (status == ConnectorStatus::Connected) modes = find_modes(connector, config.limits);
    bool changed = false;
    {
        MutexLock lock(config.lock());
        changed = connector.status != status || connector.modes != modes;
        connector.status = status;
        connector.modes.swap(modes);
    }
    if (changed) device.connector_changed(connector);
}

}  // namespace plugboard::drm
