// A driver for tests: it manages a number of parts and publishes a device that does nothing.
#pragma once

#include <atomic>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "device/driver.h"

namespace plugboard::mock {

/// Matches devices named or compatible with "mock" or "virtual,mock". Any thread.
class Driver final : public device::Driver {
  public:
    explicit Driver(unsigned parts = 3)
        : device::Driver({.name = "mock", .matches = {"mock", "virtual,mock"}}), parts_(parts) {}

    Result<void> probe(device::Bound& bound) override;

    /// What is managed and not yet released, of all devices.
    unsigned live_parts() const { return live_parts_.load(); }
    /// "+0 +1 +2 -2 -1 -0": what was made and released, in order.
    std::string history() const;

  private:
    class Part;
    void note(char sign, unsigned number);

    const unsigned parts_;
    std::atomic<unsigned> live_parts_{0};
    mutable Mutex<LockClass<Driver>> mutex_;
    std::string history_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::mock
