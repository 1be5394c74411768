// The devices whose probe waits for something that is not there yet.
// Linux: drivers/base/dd.c, deferred_probe_work_func and around it
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/list.h"
#include "base/mutex.h"
#include "device/device_state.h"
#include "device/worker.h"

namespace plugboard::device {

struct DeferredProbe;

/// One a model. Any thread. Holds no reference: a device leaves when it is deleted. The worker may
/// be made after it.
class DeferredProbes {
  public:
    DeferredProbes(Worker& worker, Clock& clock) : worker_(worker), clock_(clock) {}

    /// Counts the binds that have been: one that comes while a probe runs would be missed else.
    uint64_t binds() const { return binds_.load(); }
    /// It waits for the next bind, or is tried at once if there was one since `binds`.
    void add(Device& device, uint64_t binds);
    /// It has bound, or goes. One that another driver's probe fails on waits on.
    void remove(Device& device);
    /// Of the probe that runs now, or of the last one; forgotten when the worker tries it again.
    void set_reason(const Device& device, std::string reason);
    /// A device has bound: all that wait are tried again by the worker, in the order of add(). Not
    /// for one that goes if the unfinished probe of a device above it fails: that one's bind tells
    /// of both. A probe that adds children and defers would be tried again for their sake, for
    /// ever, as in Linux (Documentation/driver-api/driver-model/driver.rst).
    void device_bound();
    /// Those that are still there after so long are named in the log. Does nothing while a time is
    /// set.
    void start_timeout(Nanos timeout);
    /// A driver has come: a time that is set begins anew. Linux: deferred_probe_extend_timeout
    void extend_timeout(Nanos timeout);
    std::vector<DeferredProbe> list() const;

  private:
    void activate_locked() REQUIRES(mutex_);
    void queue_retry_locked() REQUIRES(mutex_);
    /// Tries the oldest that is active. One a piece of work: others' comes in between, though a
    /// probe defers for ever.
    void retry_next();
    void name_pending();
    MaybeRef<Device> take_active();

    Worker& worker_;
    Clock& clock_;
    std::atomic<uint64_t> binds_{0};
    mutable Mutex<LockClass<DeferredProbes>> mutex_;
    List<DeviceLink> pending_ GUARDED_BY(mutex_), active_ GUARDED_BY(mutex_);
    bool is_retry_queued_ GUARDED_BY(mutex_) = false;
    std::unordered_map<const Device*, std::string> reasons_ GUARDED_BY(mutex_);
    std::optional<Time> name_at_ GUARDED_BY(mutex_);  // the worker looks by then
};

}  // namespace plugboard::device
