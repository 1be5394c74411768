#include "examples/two_cards/machine.h"

#include <utility>

#include "drm/minors.h"

namespace plugboard::two_cards {

Machine::Machine() : vkms_(plug("vkms")), vgem_(plug("vgem")) {
    model_.platform_bus().add_driver(vkms_driver_).value();  // binds what is there
    model_.platform_bus().add_driver(vgem_driver_).value();
    vkms_drm_ = drm::find_device(model_, drm::NodeType::Primary, 0);
    vgem_drm_ = drm::find_device(model_, drm::NodeType::Primary, 1);
}

Machine::~Machine() {
    vkms_drm_.reset();
    vgem_drm_.reset();
    pull_vgem();
    pull_vkms();
    model_.platform_bus().remove_driver(vgem_driver_).value();
    model_.platform_bus().remove_driver(vkms_driver_).value();
}

/// Its driver finds it by its name.
Ref<device::Device> Machine::plug(const std::string& name) {
    device::DeviceInfo info;
    info.name = name;
    return model_.add_platform_device(std::move(info)).value();
}

}  // namespace plugboard::two_cards
