// vkms: a virtual card with screens that nobody sees but CRC readers, writeback and screenshots.
// Linux: drivers/gpu/drm/vkms/vkms_drv.c
#pragma once

#include "base/result.h"
#include "device/driver.h"

namespace plugboard::vkms {

/// Matches devices named or compatible with "vkms" or "virtual,vkms"; wants a vkms::Config as
/// platform_data, or none.
class Driver final : public device::Driver {
  public:
    Driver() : device::Driver({.name = "vkms", .matches = {"vkms", "virtual,vkms"}}) {}

    /// EINVAL: a config that is not valid; the log has its errors.
    Result<void> probe(device::Bound& bound) override;
    // No remove(): unbind undoes the lines of probe() from the last to the first.
};

}  // namespace plugboard::vkms
