// A syncobj: a place for a fence, or for a timeline of them, that clients share.
// Linux: drivers/gpu/drm/drm_syncobj.c, struct drm_syncobj
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/unique_fd.h"
#include "base/wait.h"
#include "drm/quota.h"
#include "drm/sync/fence.h"
#include "drm/sync/syncobj_eventfd.h"

namespace plugboard::drm {

class File;
class Request;

/// Counted: by handles of files of any device and by descriptors. Any thread.
class Syncobj final : public Object {
  public:
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
    void add_point(uint64_t point, Ref<Fence> fence);

    /// Adds 1 to the client's eventfd when `point` is signalled, or as soon as it is submitted.
    /// With the syncobj goes an entry whose point has not been.
    void add_eventfd(Ref<EventfdEntry> entry);

    /// Woken when it has got a fence.
    WaitQueue& queue() { return queue_; }

    std::string label() const override { return "syncobj"; }
    void visit_refs(RefVisitor& visitor) const override;

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    Syncobj(MaybeRef<Fence> fence, Charge charge)
        : charge_(std::move(charge)), fence_(std::move(fence)) {}
    ~Syncobj() override = default;

    void tell();
    void settle(Ref<EventfdEntry> entry);

    const Charge charge_;
    mutable Mutex<LockClass<Syncobj>> mutex_;
    MaybeRef<Fence> fence_ GUARDED_BY(mutex_);
    uint64_t changes_ GUARDED_BY(mutex_) = 0;
    std::vector<Ref<EventfdEntry>> unsubmitted_ GUARDED_BY(mutex_);
    WaitQueue queue_;
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

}  // namespace plugboard::drm
