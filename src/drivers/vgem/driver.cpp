#include "drivers/vgem/driver.h"

#include "drivers/vgem/fences.h"
#include "drivers/vgem/ioctls.h"
#include "drm/device.h"

namespace plugboard::vgem {

Result<void> Driver::probe(device::Bound& bound) {
    const auto fences = TRY(bound.manage<Fences>(bound));
    auto drm = TRY(drm::Device::create(bound, {.name = "vgem",
                                               .description = "Virtual GEM provider",
                                               .date = "0",
                                               .modeset = false,
                                               .render_node = true,
                                               .ioctls = ioctls(fences)}));
    return drm->publish(bound);
}

}  // namespace plugboard::vgem
