// The bus of devices that nothing enumerates.
// Linux: drivers/base/platform.c
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "device/bus.h"

namespace plugboard::device {

/// The numbers of devices that ask for one, of all names. Its owner does the locking.
/// Linux: platform_devid_ida
class AutoIds {
  public:
    /// The lowest that is free.
    int take();
    void give(int id);

  private:
    std::set<int> free_;  // below next_
    int next_ = 0;
};

class PlatformBus final : public Bus {
  public:
    explicit PlatformBus(Model& model) : Bus(model, "platform") {}

    /// A driver_override, once written, is the only name that matches.
    bool match(const Device& device, const Driver& driver) const override;
    /// modalias, driver_override
    std::vector<AttributeGroup> device_groups(const Device& device) const override;
    void add_uevent_keys(const Device& device,
                         std::vector<std::pair<std::string, std::string>>& keys) const override;
};

}  // namespace plugboard::device
