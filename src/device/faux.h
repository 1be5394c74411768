// The bus of devices that stand for nothing but themselves, with its one driver.
// Linux: drivers/base/faux.c
#pragma once

#include "device/bus.h"
#include "device/driver.h"

namespace plugboard::device {

class FauxBus final : public Bus {
  public:
    explicit FauxBus(Model& model) : Bus(model, "faux") {}
    bool match(const Device&, const Driver&) const override { return true; }
};

/// Hands on to the driver that the device was made with, if any.
class FauxDriver final : public Driver {
  public:
    FauxDriver() : Driver({.name = "faux_driver", .matches = {}, .suppress_bind_attrs = true}) {}
    Result<void> probe(Bound& bound) override;
    void remove(const Bound& bound) override;
    /// The device's own, which so come after probe(), and those of its driver.
    std::vector<AttributeGroup> device_groups(const Device& device) const override;
};

}  // namespace plugboard::device
