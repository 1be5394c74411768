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
#include "base/numbered_list.h"
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

enum class FenceKind { Single, Array, Chain };

/// What a fence stands for that is made of others; it signals once all of them have.
struct FenceParts {
    FenceKind kind = FenceKind::Single;
    std::vector<Ref<Fence>> members{};  // of a chain: the one that was added with it
    MaybeRef<Fence> earlier{};          // of a chain: what was there before
    uint64_t earlier_seqno = 0;         // of a chain in the same context, else 0
};

/// Counted. Who wants to know when the last reference of one of its fences goes.
class FenceTimeline : public Object {
  public:
    /// On the thread that drops it, while the fence still can be read.
    virtual void fence_ended(Fence& fence) = 0;
};

/// Counted; outlives its driver, its device and its process. Any thread. Its lock is a leaf:
/// callbacks run after it, with none held, and only enqueue. An array or chain does not live by its
/// parts: who waits for one holds a Ref, and one that is dropped leaves no trace in them.
class Fence final : public Object {
  public:
    static Ref<Fence> create(Clock& clock, FenceInfo info,
                             MaybeRef<FenceTimeline> timeline = std::nullopt);
    /// Of others, at least one: fence_array.h, fence_chain.h.
    static Ref<Fence> create_of(FenceInfo info, FenceParts parts);
    /// Stands in where there is nothing to wait for: signalled at `time`, in context 0.
    /// Linux: dma_fence_allocate_private_stub
    static Ref<Fence> create_stub(Clock& clock, Time time);

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

    Clock& clock() const { return clock_; }
    FenceKind kind() const { return kind_; }
    /// Of an array all, also signalled ones; of a chain its own; of others none.
    const std::vector<Ref<Fence>>& members() const { return members_; }
    /// Of a chain the next earlier one whose own fence is pending; those that wait for others only
    /// drop out for good. Nothing when all before is signalled. Linux: dma_fence_chain_walk
    MaybeRef<Fence> earlier();
    uint64_t earlier_seqno() const { return earlier_seqno_; }

    /// A hint that it is wanted by then, passed on to all parts; the earliest counts. Nothing once
    /// it is signalled.
    void set_deadline(Time deadline);
    /// As the uAPI has it: ns; what lies beyond the end of time is at its end.
    void set_deadline_ns(uint64_t deadline);
    std::optional<Time> deadline() const;

    /// Runs `callback` once when it signals (at once if it has), on the signalling thread with no
    /// lock held, in the order of adding, once the arrays and chains that signal with it are; after
    /// a signal() in a callback, when that has returned. (At once: an array that another thread is
    /// just telling may not be signalled yet.) The number takes it back.
    /// Linux: dma_fence_add_callback
    uint64_t on_signal(std::function<void()> callback);
    /// False when it has run, runs or is about to. Linux: dma_fence_remove_callback
    bool remove_callback(uint64_t number);
    /// Woken when it signals.
    WaitQueue& queue() { return queue_; }

    std::string label() const override;
    void visit_refs(RefVisitor& visitor) const override;

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    Fence(Clock& clock, FenceInfo info, MaybeRef<FenceTimeline> timeline, FenceParts parts);
    ~Fence() override;
    void last_put() override;

    /// Who is told of the signal: a callback, or a fence that this one is a part of.
    struct Listener {
        std::function<void()> callback{};
        Fence* whole = nullptr;  // leaves with its last reference
    };

    /// Has part_signaled() called once; the number takes it back. 0: it has signalled.
    uint64_t add_whole(Fence& whole);
    /// False when it has been told, or is about to be.
    bool remove_listener(uint64_t number);
    void part_signaled(Fence& part);
    MaybeRef<Fence> linked() const;
    void link(const Ref<Fence>& earlier);
    /// Has itself told of the one that it is linked to.
    void join(const Ref<Fence>& earlier);
    /// Is told of it no more. False: it has been, or it is linked to another one, or still joining.
    bool leave(Fence& earlier);
    /// False when nobody need be told of it: it is signalled, or known to be wanted by then.
    bool note_deadline(Time deadline);

    Clock& clock_;
    const FenceInfo info_;
    const MaybeRef<FenceTimeline> timeline_;
    const FenceKind kind_;
    const std::vector<Ref<Fence>> members_;
    const uint64_t earlier_seqno_;
    std::vector<uint64_t> member_numbers_;  // there; of its maker, then of its end
    mutable Mutex<LockClass<Fence>> mutex_;
    MaybeRef<Fence> earlier_ GUARDED_BY(mutex_);      // until it is signalled
    uint64_t earlier_number_ GUARDED_BY(mutex_) = 0;  // there; 0: not yet
    size_t pending_parts_ GUARDED_BY(mutex_);
    std::optional<Errno> part_error_ GUARDED_BY(mutex_);
    int status_ GUARDED_BY(mutex_) = 0;
    Time timestamp_ GUARDED_BY(mutex_){};
    std::optional<Time> deadline_ GUARDED_BY(mutex_);
    NumberedList<Listener> listeners_ GUARDED_BY(mutex_);
    WaitQueue queue_;
};

/// Whether `fence` comes after `other` in the context that both are of: numbers of chains are
/// plain, others wrap at 32 bits. Linux: __dma_fence_is_later
bool is_later(const Fence& fence, const Fence& other);

}  // namespace plugboard::drm
