#include "device/faux.h"

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

Driver* Core::faux_driver_of(const Device& device) {
    return device.state_->faux_driver;
}

Result<Ref<Device>> Model::add_faux_device(DeviceInfo info, Driver* driver) {
    info.bus = state_->faux_bus;
    info.pm_not_required = true;
    if (!info.parent) info.parent = borrow(state_->faux_root);
    auto device = TRY(Device::create(*this, std::move(info)));
    device->state_->faux_driver = driver;
    TRY(device->add());
    if (device->is_bound()) return device;
    device->del();
    return Errno::NoDev;
}

}  // namespace plugboard::device
