// A syncobj: a place for a fence, or for a timeline of them, that clients share.
// Linux: drivers/gpu/drm/drm_syncobj.c, struct drm_syncobj
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/list.h"
#include "base/mutex.h"
#include "base/ref.h"
#include "base/unique_fd.h"
#include "drm/quota.h"
#include "drm/sync/fence.h"
#include "drm/sync/syncobj_eventfd.h"

namespace plugboard::drm {

class File;
class Request;

/// Counted: by handles of files of any device and by descriptors. Any thread.
class Syncobj final : public Object {
  public:
    /// For the scope of this object `waker` is woken when `point` is submitted; that is noted even
    /// when a reset follows at once.
    class Waiter : private ListNode {
      public:
        Waiter(Syncobj& syncobj, uint64_t point, Waker& waker);
        ~Waiter();
        /// What to wait for so that the point is complete. Nothing: not submitted yet.
        MaybeRef<Fence> fence() const;

      private:
        friend class Syncobj;
        friend class List<Waiter>;
        Syncobj& syncobj_;
        const uint64_t point_;
        Waker& waker_;
        MaybeRef<Fence> head_;  // the first that had the point; under the syncobj's lock
    };

    /// `charge`: its maker's.
    static Ref<Syncobj> create(MaybeRef<Fence> fence, Charge charge = {});

    /// What it holds: a fence, a chain of them, or nothing.
    MaybeRef<Fence> fence() const;
    /// What to wait for so that `point` is complete; 0: what it holds. Nothing: not submitted.
    MaybeRef<Fence> find(uint64_t point) const;
    /// The highest point that has been submitted, or that is complete with all before it.
    uint64_t last_submitted() const;
    uint64_t last_signaled() const;

    void replace(MaybeRef<Fence> fence);
    void add_point(uint64_t point, const Ref<Fence>& fence);

    /// Adds 1 to the client's eventfd when `point` is signalled, or as soon as it is submitted.
    /// With the syncobj goes an entry whose point has not been.
    void add_eventfd(Ref<EventfdEntry> entry);

    std::string label() const override { return "syncobj"; }
    void visit_refs(RefVisitor& visitor) const override;

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    Syncobj(MaybeRef<Fence> fence, Charge charge)
        : charge_(std::move(charge)), fence_(std::move(fence)) {}
    ~Syncobj() override = default;

    using Entries = std::vector<Ref<EventfdEntry>>;
    /// Tells the waiters of what has come; the eventfds that are to be told with no lock held.
    Entries take_submitted() REQUIRES(mutex_);
    static void start_all(const Entries& entries, const MaybeRef<Fence>& head);

    const Charge charge_;
    mutable Mutex<LockClass<Syncobj>> mutex_;
    MaybeRef<Fence> fence_ GUARDED_BY(mutex_);
    List<Waiter> waiters_ GUARDED_BY(mutex_);
    Entries unsubmitted_ GUARDED_BY(mutex_);
};

/// The file's syncobj of that handle, if it has one.
MaybeRef<Syncobj> find_syncobj(File& file, uint32_t handle);
/// NoEnt with a reason: there is none.
Result<Ref<Syncobj>> look_up_syncobj(Request& request, File& file, uint32_t handle);
/// A new handle. NoMem: the file has too many.
Result<uint32_t> add_syncobj(Request& request, File& file, Ref<Syncobj> syncobj);

/// The syncobjs of an array of handles in the caller's memory. NoMem: more than `most`; Fault,
/// NoEnt.
Result<std::vector<Ref<Syncobj>>> read_syncobjs(Request& request, File& file, uint64_t handles,
                                                uint32_t count, uint32_t most);
/// As many zeroes when `points` is 0. Fault.
Result<std::vector<uint64_t>> read_points(Request& request, uint64_t points, uint32_t count);
/// Inval: flags beside the known ones.
Result<void> check_syncobj_flags(Request& request, uint32_t flags, uint32_t known);

}  // namespace plugboard::drm
