// A driver for serial lines: it opens a tty, reads it on a thread of its own, and gives clients
// what comes. Linux: drivers/tty/serial/serial_core.c
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "device/driver.h"
#include "examples/serial_line/line.h"

namespace plugboard::serial {

/// Matches "serial-line"; wants the tty's path as platform_data, a std::string. Any thread.
class Driver final : public device::Driver {
  public:
    Driver() : device::Driver({.name = "serial_line", .matches = {"serial-line"}}) {}

    /// Inval: no path; what opening the tty or starting the reader fails with.
    Result<void> probe(device::Bound& bound) override;
    // No remove(): unbind undoes the lines of probe() from the last to the first.

    /// The line of the device with this name. NoEnt: none is bound.
    Result<Ref<Line>> open(std::string_view device_name) const;

  private:
    friend class Publication;
    mutable Mutex<LockClass<Driver>> mutex_;
    std::vector<Ref<Line>> lines_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::serial
