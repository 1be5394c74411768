// Devices without bus and parent.
// Linux: root_device_register in drivers/base/core.c
#include "device/model.h"

namespace plugboard::device {

Result<Ref<Device>> Model::add_root_device(std::string name) {
    DeviceInfo info;
    info.name = std::move(name);
    auto device = TRY(Device::create(*this, std::move(info)));
    TRY(device->add());
    return device;
}

}  // namespace plugboard::device
