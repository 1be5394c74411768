// The thread that gives a device's CRTCs their vblanks, at absolute deadlines of the clock.
// Linux: drivers/gpu/drm/drm_vblank_helper.c (there: an hrtimer per CRTC)
#pragma once

#include <atomic>
#include <memory>

#include "base/result.h"
#include "base/thread.h"
#include "base/wait.h"
#include "drm/device.h"

namespace plugboard::drm {

/// devm: `bound.manage<VblankTimer>(drm)` after the CRTCs are made. Stops before it is gone.
class VblankTimer {
  public:
    /// Again: there is no thread for it.
    static Result<std::unique_ptr<VblankTimer>> create(Device& device);
    ~VblankTimer();
    VblankTimer(const VblankTimer&) = delete;
    VblankTimer& operator=(const VblankTimer&) = delete;

  private:
    explicit VblankTimer(Device& device);
    void run();

    Device& device_;
    ThreadSleeper sleeper_;
    std::atomic<bool> stopping_{false};
    Thread thread_;
};

}  // namespace plugboard::drm
