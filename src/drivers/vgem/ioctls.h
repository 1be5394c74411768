// FENCE_ATTACH, FENCE_SIGNAL.
// Linux: drivers/gpu/drm/vgem/vgem_fence.c, vgem_fence_attach_ioctl, vgem_fence_signal_ioctl
#pragma once

#include <vector>

#include "device/bound.h"
#include "drivers/vgem/fences.h"
#include "drm/driver_ioctl.h"

namespace plugboard::vgem {

std::vector<drm::DriverIoctl> ioctls(device::Managed<Fences> fences);

}  // namespace plugboard::vgem
