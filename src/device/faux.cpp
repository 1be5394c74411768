#include "device/faux.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "device/core.h"
#include "device/device.h"
#include "device/device_state.h"
#include "device/model_state.h"

namespace plugboard::device {

Result<void> FauxDriver::probe(Bound& bound) {
    Driver* driver = Core::faux_driver_of(bound.device());
    return driver ? driver->probe(bound) : Result<void>();
}

void FauxDriver::remove(const Bound& bound) {
    if (Driver* driver = Core::faux_driver_of(bound.device())) driver->remove(bound);
}

std::vector<AttributeGroup> FauxDriver::device_groups(const Device& device) const {
    std::vector<AttributeGroup> groups = Core::faux_groups_of(device);
    if (const Driver* driver = Core::faux_driver_of(device))
        std::ranges::move(driver->device_groups(device), std::back_inserter(groups));
    return groups;
}

Driver* Core::faux_driver_of(const Device& device) {
    return device.state_->faux_driver;
}

const std::vector<AttributeGroup>& Core::faux_groups_of(const Device& device) {
    return device.state_->faux_groups;
}

Result<Ref<Device>> Model::add_faux_device(DeviceInfo info, Driver* driver) {
    info.bus = state_->faux_bus;
    info.pm_not_required = true;
    if (!info.parent) info.parent = borrow(state_->faux_root);
    auto groups = std::exchange(info.groups, {});
    auto device = TRY(Device::create(*this, std::move(info)));
    device->state_->faux_driver = driver;
    device->state_->faux_groups = std::move(groups);
    TRY(device->add());
    if (device->is_bound()) return device;
    device->del();
    return Errno::NoDev;
}

}  // namespace plugboard::device
