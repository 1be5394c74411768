#include "drivers/vgem/driver.h"

#include <any>

#include "base/log.h"
#include "device/device.h"
#include "drivers/vgem/config.h"
#include "drivers/vgem/fences.h"
#include "drivers/vgem/ioctls.h"
#include "drm/device.h"
#include "drm/fault_plan.h"

namespace plugboard::vgem {
namespace {

Result<Config> config_of(const device::Device& device) {
    const std::any& data = device.info().platform_data;
    if (!data.has_value()) return Config{};
    if (const auto* config = std::any_cast<Config>(&data)) return *config;
    log::error("{}: platform_data is no vgem::Config", device.name());
    return Errno::Inval;
}

}  // namespace

Result<void> Driver::probe(device::Bound& bound) {
    const Config config = TRY(config_of(bound.device()));
    const auto fences = TRY(bound.manage<Fences>(bound));
    auto drm = TRY(drm::Device::create(bound, {.name = "vgem",
                                               .description = "Virtual GEM provider",
                                               .date = "0",
                                               .modeset = false,
                                               .render_node = true,
                                               .syncobj = config.syncobj,
                                               .ioctls = ioctls(fences)}));
    for (const drm::Fault& fault : config.faults) drm::faults_of(*drm).plant(*drm, fault);
    return drm->publish(bound);
}

}  // namespace plugboard::vgem
