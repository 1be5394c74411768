// A DRM device that does nothing, for tests and demonstrations: on any device, with no driver
// needed. Linux: drivers/gpu/drm/i915/selftests/mock_gem_device.c, drm_kunit_helpers.c
#pragma once

#include "base/ref.h"
#include "base/result.h"
#include "device/device.h"
#include "drm/device.h"

namespace plugboard::mock {

/// No KMS, not published. `parent` may be a root, platform or faux device. Its devres holds a
/// reference on the result, which holds one on `parent`: only who ends the devres ends both.
/// Busy: no minor number is free; NoDev: `parent` was deleted.
Result<Ref<drm::Device>> create_device(device::Device& parent);

}  // namespace plugboard::mock
