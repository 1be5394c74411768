// The fences that clients put on buffers: each ends when its client says so, after ten seconds, or
// with its file or the card.
// Linux: drivers/gpu/drm/vgem/vgem_fence.c
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "device/bound.h"
#include "device/workqueue.h"
#include "drm/file.h"
#include "drm/quota.h"
#include "drm/sync/fence.h"

namespace plugboard::vgem {

/// A fence that has signalled at this time at the latest.
struct TimedFence {
    Ref<drm::Fence> fence;
    Time expires{};
    /// Also when the timer has not come to it yet.
    bool is_over() const { return fence->is_signaled() || fence->clock().now() >= expires; }
};

/// Those of a card that have not signalled, in the order of making, give or take what threads do at
/// one time. Counted: by the card and by each fence's callback, which takes it out when it signals,
/// on whatever thread.
class PendingFences final : public Object {
  public:
    /// Whether it is the first that a timer is to be set for.
    bool add(const TimedFence& fence);
    /// The fences whose time is over; in `next` when that of the first other one is. Nothing there:
    /// the next one added is the first again.
    std::vector<Ref<drm::Fence>> expired(Time now, std::optional<Time>& next);
    std::vector<Ref<drm::Fence>> all() const;

    std::string label() const override { return "pending fences of a vgem"; }
    void visit_refs(RefVisitor& visitor) const override;

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    PendingFences() = default;
    ~PendingFences() override = default;
    void remove(uint64_t number);

    mutable Mutex<LockClass<PendingFences>> mutex_;
    std::map<uint64_t, TimedFence> all_ GUARDED_BY(mutex_);
    uint64_t last_number_ GUARDED_BY(mutex_) = 0;
    bool is_timed_ GUARDED_BY(mutex_) = false;
};

/// All of a card. Managed; its end signals what is pending with NoDev. Any thread.
class Fences {
  public:
    static constexpr Nanos longest = std::chrono::seconds(10);

    /// Again: no thread for the timer.
    static Result<std::unique_ptr<Fences>> create(const device::Bound& bound);
    ~Fences();
    Fences(const Fences&) = delete;
    Fences& operator=(const Fences&) = delete;

    /// One that signals after `longest` at the latest.
    TimedFence make();

  private:
    explicit Fences(Clock& clock) : clock_(clock), pending_(make_ref<PendingFences>()) {}
    void start_timer(Nanos delay);
    void expire();

    Clock& clock_;
    const Ref<PendingFences> pending_;
    std::unique_ptr<device::Workqueue> timer_;  // ends before what its work uses
};

/// Those that a file may signal, by their ids. A number is never given twice. Any thread.
class FileFences final : public drm::FileData {
  public:
    /// Signals all.
    ~FileFences() override;
    /// `charge`: for as long as it is there.
    uint32_t add(TimedFence fence, drm::Charge charge);
    /// Takes it out. Nothing: unknown, or taken before.
    std::optional<TimedFence> take(uint32_t id);

  private:
    struct Entry {
        TimedFence timed;
        drm::Charge charge;
    };
    Mutex<LockClass<FileFences>> mutex_;
    std::map<uint32_t, Entry> all_ GUARDED_BY(mutex_);
    uint32_t last_id_ GUARDED_BY(mutex_) = 0;
};

}  // namespace plugboard::vgem
