// SYNCOBJ_WAIT, TIMELINE_WAIT, TRANSFER: those that may sleep.
// Linux: drivers/gpu/drm/drm_syncobj.c, drm_syncobj_array_wait_timeout
#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <utility>

#include "drm/handlers.h"
#include "drm/sync/fence_array.h"
#include "drm/sync/syncobj.h"

namespace plugboard::drm {
namespace {

constexpr uint32_t most_entries = 65536;  // Linux: 64 bytes each in one kmalloc() of 4 MiB
constexpr uint32_t none_signaled = ~0U;
constexpr Nanos longest_transfer = std::chrono::seconds(5);

constexpr uint32_t wait_all = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL;
constexpr uint32_t for_submit = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT;
constexpr uint32_t available = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE;
constexpr uint32_t with_deadline = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_DEADLINE;

Time time_at(int64_t nanoseconds) {
    return Time(Nanos(std::max<int64_t>(nanoseconds, 0)));
}

/// Some points of which one, or each, is waited for.
class PointWait {
  public:
    PointWait(Request& request, uint32_t flags) : request_(request), flags_(flags) {}

    void add(Ref<Syncobj> syncobj, uint64_t point) {
        entries_.push_back({.syncobj = std::move(syncobj), .point = point});
    }
    /// Inval: a point has not been submitted, and nobody said to wait for that.
    Result<void> look();
    bool is_done() const {
        if (entries_.empty()) return true;
        return flags_ & wait_all ? counted_ == entries_.size() : counted_ != 0;
    }
    void set_deadline_ns(uint64_t deadline) {
        for (const Entry& entry : entries_) {
            if (entry.fence) (*entry.fence)->set_deadline_ns(deadline);
        }
    }
    /// Time, Intr, NoDev.
    Result<void> sleep(Device& device, Time until);
    /// The lowest one that is counted.
    uint32_t first() const { return first_; }

  private:
    struct Entry {
        Ref<Syncobj> syncobj;
        uint64_t point = 0;
        MaybeRef<Fence> fence{};                      // once it is submitted
        const Syncobj::Waiter* submission = nullptr;  // while it is waited for
        bool is_counted = false;
    };

    bool is_ready(const Entry& entry) const {
        return entry.fence && ((flags_ & available) || (*entry.fence)->is_signaled());
    }
    void count(size_t index) {
        entries_[index].is_counted = true;
        counted_++;
        first_ = std::min(first_, static_cast<uint32_t>(index));
    }
    void wait_for_signal(Fence& fence) {
        if (!(flags_ & available)) signals_.emplace_back(fence.queue(), request_.sleeper());
    }
    bool look_again();

    Request& request_;
    const uint32_t flags_;
    std::vector<Entry> entries_;  // before what stands in their queues
    std::deque<Syncobj::Waiter> submissions_;
    std::deque<WaitQueue::Entry> signals_;
    size_t counted_ = 0;
    uint32_t first_ = none_signaled;
};

Result<void> PointWait::look() {
    for (size_t i = 0; i < entries_.size(); i++) {
        Entry& entry = entries_[i];
        entry.fence = entry.syncobj->find(entry.point);
        if (!entry.fence && !(flags_ & (for_submit | available)))
            return request_.refuse(core, Errno::Inval,
                                   "handles[{}]: point {} has not been submitted", i, entry.point);
        if (is_ready(entry)) count(i);
    }
    return {};
}

/// What one look has found is not looked at again, so that each point is counted once.
bool PointWait::look_again() {
    for (size_t i = 0; i < entries_.size(); i++) {
        Entry& entry = entries_[i];
        if (entry.is_counted) continue;
        if (!entry.fence) {
            entry.fence = entry.submission->fence();
            if (entry.fence) wait_for_signal(**entry.fence);
        }
        if (!is_ready(entry)) continue;
        count(i);
        if (!(flags_ & wait_all)) return true;
    }
    return is_done();
}

Result<void> PointWait::sleep(Device& device, Time until) {
    // With all of them the first pass alone says which was first.
    const uint32_t first_before = first_;
    for (Entry& entry : entries_) {
        if (entry.is_counted) continue;
        if (entry.fence) {
            wait_for_signal(**entry.fence);
        } else {
            entry.submission =
                &submissions_.emplace_back(*entry.syncobj, entry.point, request_.sleeper());
        }
    }
    auto ended = request_.wait_woken(
        device, [this] { return look_again(); }, until);
    if (flags_ & wait_all) first_ = first_before;
    if (ended.ok() || ended.error() == Errno::NoDev) return ended;
    return request_.refuse(core, ended.error(), "{} of {} points are {} when {}", counted_,
                           entries_.size(), flags_ & available ? "submitted" : "signalled",
                           ended.error() == Errno::Time ? "the time is over" : "a signal comes");
}

template <class Argument>
Result<void> wait(Device& device, Argument& argument, PointWait wanted) {
    TRY(wanted.look());
    if (!wanted.is_done()) {
        if (argument.flags & with_deadline) wanted.set_deadline_ns(argument.deadline_nsec);
        TRY(wanted.sleep(device, time_at(argument.timeout_nsec)));
    }
    argument.first_signaled = wanted.first();
    return {};
}

}  // namespace

PLUGBOARD_HANDLER(ioctl_syncobj_wait, drm_syncobj_wait_with_deadline) {
    TRY(check_syncobj_flags(request, argument.flags, wait_all | for_submit | with_deadline));
    const uint32_t count = argument.count_handles;
    if (count == 0) return {};
    PointWait wanted(request, argument.flags);
    for (Ref<Syncobj>& syncobj :
         TRY(read_syncobjs(request, file, argument.handles, count, most_entries)))
        wanted.add(std::move(syncobj), 0);
    return wait(device, argument, std::move(wanted));
}

PLUGBOARD_HANDLER(ioctl_syncobj_timeline_wait, drm_syncobj_timeline_wait_with_deadline) {
    TRY(check_syncobj_flags(request, argument.flags,
                            wait_all | for_submit | available | with_deadline));
    const uint32_t count = argument.count_handles;
    if (count == 0) return {};
    auto syncobjs = TRY(read_syncobjs(request, file, argument.handles, count, most_entries));
    const auto points = TRY(read_points(request, argument.points, count));
    PointWait wanted(request, argument.flags);
    for (size_t i = 0; i < syncobjs.size(); i++) wanted.add(std::move(syncobjs[i]), points[i]);
    return wait(device, argument, std::move(wanted));
}

PLUGBOARD_HANDLER(ioctl_syncobj_transfer, drm_syncobj_transfer) {
    if (argument.pad != 0)
        return request.refuse(core, Errno::Inval, "pad {} is not 0", argument.pad);
    const Ref<Syncobj> to = TRY(look_up_syncobj(request, file, argument.dst_handle));
    const Ref<Syncobj> from = TRY(look_up_syncobj(request, file, argument.src_handle));
    TRY(check_syncobj_flags(request, argument.flags, for_submit));
    MaybeRef<Fence> fence = from->find(argument.src_point);
    if (!fence && (argument.flags & for_submit)) {
        const Syncobj::Waiter submission(*from, argument.src_point, request.sleeper());
        const auto ended = request.wait_woken(
            device,
            [&] {
                fence = submission.fence();
                return fence.has_value();
            },
            device.clock().now() + longest_transfer);
        if (!ended.ok() && ended.error() != Errno::NoDev)
            return request.refuse(core, ended.error(), "point {} of syncobj {} was not submitted",
                                  argument.src_point, argument.src_handle);
        TRY(ended);
    }
    if (!fence)
        return request.refuse(core, Errno::Inval, "syncobj {}: point {} has not been submitted",
                              argument.src_handle, argument.src_point);
    if (argument.dst_point == 0) {
        to->replace(*std::move(fence));
    } else {
        to->add_point(argument.dst_point, merge(std::vector<Ref<Fence>>{*std::move(fence)}));
    }
    return {};
}

}  // namespace plugboard::drm
