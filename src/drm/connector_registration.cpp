#include "drm/connector_registration.h"

#include <cassert>
#include <utility>

#include "drm/connector_debugfs.h"
#include "drm/connector_sysfs.h"
#include "drm/device_state.h"

namespace plugboard::drm {

Result<void> show_connector(Device& device, const Connector& connector) {
    Device::State& state = device.state();
    MaybeRef<device::Device> card;
    {
        MutexLock lock(state.nodes_mutex);
        card = state.card;
    }
    if (!card) return Errno::NoDev;
    const auto made = TRY(device::Device::create(device.parent().model(),
                                                 connector_device(device, connector, **card)));
    add_connector_debug_files(device, connector);  // before who hears of it looks for them
    if (const auto added = made->add(); !added.ok()) {
        remove_connector_debug_files(device, connector);
        return added.error();
    }
    {
        MutexLock lock(state.nodes_mutex);
        if (state.card) {
            [[maybe_unused]] const auto shown = state.connectors.emplace(raw(connector.id()), made);
            assert(shown.second);  // an id is free only once its connector is hidden
            return {};
        }
    }
    // The card has gone meanwhile, without it.
    remove_connector_debug_files(device, connector);
    made->del();
    return Errno::NoDev;
}

void hide_connector(Device& device, const Connector& connector) {
    Device::State& state = device.state();
    MaybeRef<device::Device> shown;
    {
        MutexLock lock(state.nodes_mutex);
        const auto found = state.connectors.find(raw(connector.id()));
        if (found == state.connectors.end()) return;
        shown = std::move(found->second);
        state.connectors.erase(found);
    }
    remove_connector_debug_files(device, connector);
    (*shown)->del();
}

}  // namespace plugboard::drm
