// A drm::Device for tests in one line, on a mock device; what it leaves behind is found and named.
// Linux: drivers/gpu/drm/drm_kunit_helpers.c, drm_kunit_helper_alloc_drm_device
#pragma once

#include <functional>
#include <string>

#include "base/ref.h"
#include "device/mock_device.h"
#include "drivers/mock/info.h"
#include "drm/device.h"

namespace plugboard::mock {

/// One thread; as device::MockDevice, which it has.
class Card {
  public:
    /// What else probe() does once the drm::Device is made: KMS objects, publish().
    using SetUp = std::function<Result<void>(device::Bound&, drm::Device&)>;

    /// Not published, unless `set_up` does it.
    explicit Card(SetUp set_up = {}, drm::DriverInfo info = driver_info(),
                  device::MockOptions options = {});

    ~Card() { drm_.reset(); }
    Card(const Card&) = delete;
    Card& operator=(const Card&) = delete;

    // Before finish(), if probe() succeeded.
    drm::Device& drm() { return **drm_; }
    device::Device& device() { return mock_.device(); }
    device::Entered enter() { return mock_.enter(); }
    device::Model& model() { return mock_.model(); }

    /// Lets the drm::Device go; then as MockDevice::finish().
    std::string finish();

  private:
    Result<void> probe(device::Bound& bound);

    const SetUp set_up_;
    const drm::DriverInfo info_;
    MaybeRef<drm::Device> drm_;
    device::MockDevice mock_;
};

}  // namespace plugboard::mock
