// A driver: what it matches and how it starts. Unbind undoes probe() by itself.
// Linux: drivers/base/driver.c, struct device_driver
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "device/attribute.h"
#include "device/bound.h"

namespace plugboard::device {

struct DriverInfo {
    std::string name;
    std::vector<std::string> matches;  // of DeviceInfo::compatible, or a device's name
    bool suppress_bind_attrs = false;  // nobody binds or unbinds by hand
};

/// One instance serves all devices of its kind. Owned by whoever registers it; outlives the
/// registration.
class Driver {
  public:
    explicit Driver(DriverInfo info) : info_(std::move(info)) {}
    virtual ~Driver() = default;

    const std::string& name() const { return info_.name; }
    const DriverInfo& info() const { return info_; }

    /// Under the device's lock. An error releases all that was managed, newest first. NoDev and
    /// NxIo are quiet: "not mine".
    virtual Result<void> probe(Bound& bound) = 0;
    /// Before devres is released, for what devres cannot express. Most drivers have none.
    virtual void remove(const Bound&) {}
    /// Files that a device has while it is bound: made after probe(), gone before remove(). They
    /// are shown and stored inside the device's gate. Linux: device_driver.dev_groups
    virtual std::vector<AttributeGroup> device_groups(const Device&) const { return {}; }

  private:
    DriverInfo info_;
};

}  // namespace plugboard::device
