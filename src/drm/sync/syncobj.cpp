#include "drm/sync/syncobj.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "drm/file_state.h"
#include "drm/request.h"
#include "drm/sync/fence_chain.h"

namespace plugboard::drm {

Ref<Syncobj> Syncobj::create(MaybeRef<Fence> fence, Charge charge) {
    return make_ref<Syncobj>(std::move(fence), std::move(charge));
}

MaybeRef<Fence> Syncobj::fence() const {
    MutexLock lock(mutex_);
    return fence_;
}

MaybeRef<Fence> Syncobj::find(uint64_t point) const {
    const MaybeRef<Fence> head = fence();
    if (!head) return std::nullopt;
    return find_point(*head, point);
}

uint64_t Syncobj::last_submitted() const {
    const MaybeRef<Fence> head = fence();
    return head && (*head)->kind() == FenceKind::Chain ? (*head)->info().seqno : 0;
}

uint64_t Syncobj::last_signaled() const {
    const MaybeRef<Fence> head = fence();
    return head ? drm::last_signaled(*head) : 0;
}

void Syncobj::replace(MaybeRef<Fence> fence) {
    const MaybeRef<Fence> head = fence;
    Entries submitted;
    {
        MutexLock lock(mutex_);
        fence_.swap(fence);  // the old one is dropped after the lock
        submitted = take_submitted();
    }
    start_all(submitted, head);
}

void Syncobj::add_point(uint64_t point, const Ref<Fence>& fence) {
    for (;;) {
        const MaybeRef<Fence> head = this->fence();
        const MaybeRef<Fence> link = drm::add_point(head, point, fence);
        Entries submitted;
        {
            MutexLock lock(mutex_);
            if (fence_ != head) continue;  // another thread was faster: over its link
            fence_ = link;
            submitted = take_submitted();
        }
        start_all(submitted, link);
        return;
    }
}

Syncobj::Entries Syncobj::take_submitted() {
    if (!fence_) return {};
    for (Waiter* waiter = waiters_.front(); waiter; waiter = waiters_.next(*waiter)) {
        if (waiter->head_ || !has_point(**fence_, waiter->point_)) continue;
        waiter->head_ = fence_;
        waiter->waker_.wake();
    }
    const Fence& head = **fence_;
    const auto is_left = [&head](const Ref<EventfdEntry>& entry) {
        return !has_point(head, entry->point());
    };
    const auto taken_from =
        std::stable_partition(unsubmitted_.begin(), unsubmitted_.end(), is_left);
    Entries taken(std::make_move_iterator(taken_from), std::make_move_iterator(unsubmitted_.end()));
    unsubmitted_.erase(taken_from, unsubmitted_.end());
    return taken;
}

void Syncobj::start_all(const Entries& entries, const MaybeRef<Fence>& head) {
    for (const Ref<EventfdEntry>& entry : entries) start(entry, *find_point(*head, entry->point()));
}

void Syncobj::add_eventfd(Ref<EventfdEntry> entry) {
    MaybeRef<Fence> head;
    {
        MutexLock lock(mutex_);
        if (!fence_ || !has_point(**fence_, entry->point())) {
            unsubmitted_.push_back(std::move(entry));
            return;
        }
        head = fence_;
    }
    start(entry, *find_point(*head, entry->point()));
}

Syncobj::Waiter::Waiter(Syncobj& syncobj, uint64_t point, Waker& waker)
    : syncobj_(syncobj), point_(point), waker_(waker) {
    MutexLock lock(syncobj_.mutex_);
    if (syncobj_.fence_ && has_point(**syncobj_.fence_, point_)) head_ = syncobj_.fence_;
    syncobj_.waiters_.push_back(*this);
}

Syncobj::Waiter::~Waiter() {
    MutexLock lock(syncobj_.mutex_);
    unlink();
}

MaybeRef<Fence> Syncobj::Waiter::fence() const {
    MaybeRef<Fence> head;
    {
        MutexLock lock(syncobj_.mutex_);
        head = head_;
    }
    return head ? find_point(*head, point_) : std::nullopt;
}

void Syncobj::visit_refs(RefVisitor& visitor) const {
    MutexLock lock(mutex_);
    if (fence_) visitor.edge(*fence_, "drm_syncobj.fence");
    for (const Ref<EventfdEntry>& entry : unsubmitted_)
        visitor.edge(entry, "drm_syncobj.ev_fd_list");
}

MaybeRef<Syncobj> find_syncobj(File& file, uint32_t handle) {
    MutexLock lock(file.state().mutex);
    const Ref<Syncobj>* found = file.state().syncobjs.find(handle);
    if (!found) return std::nullopt;
    return *found;
}

Result<Ref<Syncobj>> look_up_syncobj(Request& request, File& file, uint32_t handle) {
    if (auto found = find_syncobj(file, handle)) return *std::move(found);
    return request.refuse(log::Category::Core, Errno::NoEnt, "there is no syncobj {}", handle);
}

Result<uint32_t> add_syncobj(Request& request, File& file, Ref<Syncobj> syncobj) {
    MutexLock lock(file.state().mutex);
    TRY(expect_room(request, "syncobjs", file.state().syncobjs.size()));
    return file.state().syncobjs.add(std::move(syncobj));
}

Result<std::vector<Ref<Syncobj>>> read_syncobjs(Request& request, File& file, uint64_t handles,
                                                uint32_t count, uint32_t most) {
    if (count > most)
        return request.refuse(log::Category::Core, Errno::NoMem, "{} handles: at most {}", count,
                              most);
    std::vector<uint32_t> numbers(count);
    TRY(request.memory().read(std::as_writable_bytes(std::span(numbers)),
                              uapi::UserAddress{handles}));
    std::vector<Ref<Syncobj>> syncobjs;
    syncobjs.reserve(count);
    for (const uint32_t number : numbers)
        syncobjs.push_back(TRY(look_up_syncobj(request, file, number)));
    return syncobjs;
}

Result<std::vector<uint64_t>> read_points(Request& request, uint64_t points, uint32_t count) {
    std::vector<uint64_t> all(count);
    if (points == 0) return all;
    TRY(request.memory().read(std::as_writable_bytes(std::span(all)), uapi::UserAddress{points}));
    return all;
}

}  // namespace plugboard::drm
