// vgem: a card without screens, whose buffers a client shares and fences.
// Linux: drivers/gpu/drm/vgem/vgem_drv.c
#pragma once

#include "base/result.h"
#include "device/driver.h"

namespace plugboard::vgem {

/// Matches devices named or compatible with "vgem" or "virtual,vgem".
class Driver final : public device::Driver {
  public:
    Driver() : device::Driver({.name = "vgem", .matches = {"vgem", "virtual,vgem"}}) {}

    Result<void> probe(device::Bound& bound) override;
};

}  // namespace plugboard::vgem
