// A driver's own work and timers, none of which runs once its device is unbound.
// Linux: devm_alloc_ordered_workqueue, INIT_DELAYED_WORK
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "device/bound.h"
#include "device/worker.h"

namespace plugboard::device {

/// One thread, one piece of work after the other, each inside the device's gate: unbind waits for
/// the one that runs, and what has not begun is dropped. Made in probe():
/// `bound.manage<Workqueue>(bound, "poll")`. Any thread.
class Workqueue {
  public:
    using Work = std::function<void(const Bound& bound)>;

    /// `name` lives for ever, and names the work when unbind waits for it. Again: no thread.
    static Result<std::unique_ptr<Workqueue>> create(const Bound& bound, const char* name);

    /// Nothing happens on a device that is gone.
    void run(Work work);
    void run_after(Nanos delay, Work work);
    /// Waits until nothing is queued or runs. Not from within work.
    void flush() { worker_.flush(); }

  private:
    Workqueue(Device& device, const char* name);
    std::function<void()> inside(Work work);

    Device& device_;
    const char* const name_;
    Worker worker_;
};

}  // namespace plugboard::device
