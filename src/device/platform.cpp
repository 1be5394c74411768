#include "device/platform.h"

#include <optional>
#include <string>
#include <utility>

#include "base/page.h"
#include "device/device.h"
#include "device/device_state.h"
#include "device/driver.h"
#include "device/model_state.h"

namespace plugboard::device {

bool PlatformBus::match(const Device& device, const Driver& driver) const {
    const Device::State& state = *device.state_;
    {
        MutexLock lock(state.mutex);
        if (!state.driver_override.empty()) return state.driver_override == driver.name();
    }
    return Bus::match(device, driver);
}

std::vector<AttributeGroup> PlatformBus::device_groups(const Device& device) const {
    Device::State* state = device.state_.get();
    std::vector<Attribute> files;
    files.push_back({.name = "modalias", .mode = 0444, .show = [&device]() -> Result<std::string> {
                         return "platform:" + device.name() + "\n";
                     }});
    files.push_back({.name = "driver_override",
                     .mode = 0644,
                     .show = [state]() -> Result<std::string> {
                         MutexLock lock(state->mutex);
                         if (state->driver_override.empty()) return std::string("(null)\n");
                         return state->driver_override + "\n";
                     },
                     .store = [state](std::string_view name) -> Result<void> {
                         if (name.size() >= page_size - 1) return Errno::Inval;
                         name = name.substr(0, name.find('\n'));
                         MutexLock lock(state->mutex);
                         state->driver_override = name;
                         return {};
                     }});
    return {{.attributes = std::move(files)}};
}

void PlatformBus::add_uevent_keys(const Device& device,
                                  std::vector<std::pair<std::string, std::string>>& keys) const {
    keys.emplace_back("MODALIAS", "platform:" + device.name());
}

int AutoIds::take() {
    if (free_.empty()) return next_++;
    return free_.extract(free_.begin()).value();
}

void AutoIds::give(int id) {
    free_.insert(id);
}

Result<Ref<Device>> Model::add_platform_device(DeviceInfo info, int id) {
    info.bus = state_->platform_bus;
    if (!info.parent) info.parent = borrow(state_->platform_root);
    if (id >= 0) info.name += "." + std::to_string(id);
    std::optional<int> chosen;
    if (id == platform_id_auto) {
        MutexLock lock(state_->mutex);
        chosen = state_->platform_ids.take();
        info.name += "." + std::to_string(*chosen) + ".auto";
    }
    auto device = Device::create(*this, std::move(info));
    if (device.ok()) (*device)->state_->platform_id = chosen;
    const Result<void> added = device.ok() ? (*device)->add() : device.error();
    if (added.ok()) return device;
    // One that was added for a while has given it back.
    MutexLock lock(state_->mutex);
    if (device.ok()) chosen = std::exchange((*device)->state_->platform_id, std::nullopt);
    if (chosen) state_->platform_ids.give(*chosen);
    return added.error();
}

}  // namespace plugboard::device
