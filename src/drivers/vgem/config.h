// What a vgem has that is not the same on all.
#pragma once

#include <vector>

#include "drm/fault.h"

namespace plugboard::vgem {

/// Comes to the driver in DeviceInfo::platform_data; a device without one has the default.
struct Config {
    bool syncobj = false;              // which the kernel's vgem does not have
    std::vector<drm::Fault> faults{};  // planted in each device that is made from this
};

}  // namespace plugboard::vgem
