#include "drivers/mock/device.h"

#include "drivers/mock/info.h"

namespace plugboard::mock {

Result<Ref<drm::Device>> create_device(device::Device& parent) {
    return drm::Device::create(parent, driver_info());
}

}  // namespace plugboard::mock
