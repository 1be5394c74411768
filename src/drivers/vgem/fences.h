// The fences that clients put on buffers: each ends when its client says so, after ten seconds, or
// with its file or the card.
// Linux: drivers/gpu/drm/vgem/vgem_fence.c
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "device/bound.h"
#include "device/workqueue.h"
#include "drm/file.h"
#include "drm/sync/fence.h"

namespace plugboard::vgem {

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
    Ref<drm::Fence> make();

  private:
    /// By number, so in the order of making, give or take what threads do at one time. Shared with
    /// the callbacks of the fences in it, which take each out when it signals, on whatever thread.
    struct Pending {
        struct Entry {
            Ref<drm::Fence> fence;
            Time expires;
        };
        Mutex<LockClass<Fences>> mutex;
        std::map<uint64_t, Entry> all GUARDED_BY(mutex);
        uint64_t last_number GUARDED_BY(mutex) = 0;
        bool is_timed GUARDED_BY(mutex) = false;  // the timer is set for the first of them
    };
    explicit Fences(Clock& clock) : clock_(clock), pending_(std::make_shared<Pending>()) {}
    void start_timer(Nanos delay);
    void expire();

    Clock& clock_;
    const std::shared_ptr<Pending> pending_;
    std::unique_ptr<device::Workqueue> timer_;  // ends before what its work uses
};

/// Those that a file may signal, by their ids. A number is never given twice. Any thread.
class FileFences final : public drm::FileData {
  public:
    /// Signals all.
    ~FileFences() override;
    uint32_t add(Ref<drm::Fence> fence);
    /// Takes it out. Nothing: unknown, or taken before.
    MaybeRef<drm::Fence> take(uint32_t id);

  private:
    Mutex<LockClass<FileFences>> mutex_;
    std::map<uint32_t, Ref<drm::Fence>> all_ GUARDED_BY(mutex_);
    uint32_t last_id_ GUARDED_BY(mutex_) = 0;
};

}  // namespace plugboard::vgem
