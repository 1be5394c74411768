// The bus of devices that nothing enumerates.
// Linux: drivers/base/platform.c
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "device/bus.h"

namespace plugboard::device {

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
