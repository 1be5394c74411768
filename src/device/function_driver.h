// A driver made of functions, for tests and for devices that need no class of their own.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "device/driver.h"

namespace plugboard::device {

/// Does what its two functions say; without them it binds and does nothing.
class FunctionDriver final : public Driver {
  public:
    using Probe = std::function<Result<void>(Bound&)>;
    using Remove = std::function<void(const Bound&)>;

    explicit FunctionDriver(DriverInfo info, Probe on_probe = {}, Remove on_remove = {})
        : Driver(std::move(info)),
          on_probe_(std::move(on_probe)),
          on_remove_(std::move(on_remove)) {}

    Result<void> probe(Bound& bound) override {
        return on_probe_ ? on_probe_(bound) : Result<void>();
    }
    void remove(const Bound& bound) override {
        if (on_remove_) on_remove_(bound);
    }

  private:
    const Probe on_probe_;
    const Remove on_remove_;
};

}  // namespace plugboard::device
