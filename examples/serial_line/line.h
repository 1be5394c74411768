// What a client has of a serial line: the text that came in, and reads that wait for more.
// Linux: drivers/tty/n_tty.c
#pragma once

#include <string>
#include <string_view>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "base/wait.h"
#include "device/device.h"

namespace plugboard::serial {

/// Counted, so that a read may outlast the binding it began in. Holds its device, which holds it by
/// the driver's publication: unbind breaks that loop. Any thread.
class Line final : public Object {
  public:
    explicit Line(Ref<device::Device> device) : device_(std::move(device)) {}

    device::Device& device() const { return *device_; }

    /// The next whole line, without its end; waits for it. NoDev: nothing is left to read and the
    /// device is gone, or goes during the wait; Intr: the sleeper was interrupted.
    Result<std::string> read_line(Sleeper& sleeper);

    // For the driver.
    void receive(std::string_view text);
    void hang_up();

    std::string label() const override { return "line of " + device_->name(); }
    void visit_refs(RefVisitor& visitor) const override { visitor.edge(*device_, "line.device"); }

  private:
    std::optional<std::string> take_line();
    bool is_over() const;

    const Ref<device::Device> device_;
    WaitQueue queue_;
    mutable Mutex<LockClass<Line>> mutex_;
    std::string text_ GUARDED_BY(mutex_);
    bool hung_up_ GUARDED_BY(mutex_) = false;
};

}  // namespace plugboard::serial
