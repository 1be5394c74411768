// A fence: something that will have happened, once.
// Linux: drivers/dma-buf/dma-fence.c
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/errno.h"
#include "base/mutex.h"
#include "base/ref.h"
#include "base/wait.h"

namespace plugboard::drm {

/// Names a timeline of fences; unique in the process, from 1.
enum class FenceContext : uint64_t {};
FenceContext next_fence_context();

struct FenceInfo {
    FenceContext context{};
    uint64_t seqno = 0;
    std::string driver;    // "vkms"
    std::string timeline;  // "CRTC:35-crtc-0"
};

class Fence;

/// Counted. Who wants to know when the last reference of one of its fences goes.
class FenceTimeline : public Object {
  public:
    /// On the thread that drops it, while the fence still can be read.
    virtual void fence_ended(Fence& fence) = 0;
};

/// Counted; outlives its driver, its device and its process. Any thread. Its lock is a leaf:
/// callbacks run after it, with none held, and only enqueue.
class Fence final : public Object {
  public:
    static Ref<Fence> create(Clock& clock, FenceInfo info,
                             MaybeRef<FenceTimeline> timeline = std::nullopt);

    /// Once; later calls do nothing. `error`, if any, is what status() then says.
    void signal(std::optional<Errno> error = std::nullopt);
    /// As signal(), with the time at which it happened: a vblank's.
    void signal_at(Time time, std::optional<Errno> error = std::nullopt);
    bool is_signaled() const;
    /// 0 pending, 1 signalled, negative errno.
    int status() const;
    /// When it was signalled; the epoch before.
    Time timestamp() const;
    const FenceInfo& info() const { return info_; }
    /// "vgem", "unbound"; of a signalled fence "detached-driver", "signaled-timeline".
    /// Linux: dma_fence_driver_name, dma_fence_timeline_name
    std::string driver_name() const;
    std::string timeline_name() const;

    /// A hint that it is wanted by then; the earliest counts. Nothing once it is signalled.
    void set_deadline(Time deadline);
    std::optional<Time> deadline() const;

    /// Runs `callback` once when it signals (at once if it has), on the signalling thread with no
    /// lock held. The number takes it back. Linux: dma_fence_add_callback
    uint64_t on_signal(std::function<void()> callback);
    /// False when it has run or is running. Linux: dma_fence_remove_callback
    bool remove_callback(uint64_t number);
    /// Woken when it signals.
    WaitQueue& queue() { return queue_; }

    std::string label() const override;
    void visit_refs(RefVisitor& visitor) const override;

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    Fence(Clock& clock, FenceInfo info, MaybeRef<FenceTimeline> timeline)
        : clock_(clock), info_(std::move(info)), timeline_(std::move(timeline)) {}
    ~Fence() override;

    Clock& clock_;
    const FenceInfo info_;
    const MaybeRef<FenceTimeline> timeline_;
    mutable Mutex<LockClass<Fence>> mutex_;
    int status_ GUARDED_BY(mutex_) = 0;
    Time timestamp_ GUARDED_BY(mutex_){};
    std::optional<Time> deadline_ GUARDED_BY(mutex_);
    uint64_t next_callback_ GUARDED_BY(mutex_) = 1;
    std::vector<std::pair<uint64_t, std::function<void()>>> callbacks_ GUARDED_BY(mutex_);
    WaitQueue queue_;
};

}  // namespace plugboard::drm
