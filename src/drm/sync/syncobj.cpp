#include "drm/sync/syncobj.h"

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
    {
        MutexLock lock(mutex_);
        fence_.swap(fence);  // the old one is dropped after the lock
        changes_++;
    }
    tell();
}

void Syncobj::add_point(uint64_t point, Ref<Fence> fence) {
    for (;;) {
        const MaybeRef<Fence> head = this->fence();
        MaybeRef<Fence> link = drm::add_point(head, point, fence);
        MutexLock lock(mutex_);
        if (fence_ != head) continue;  // another thread was faster: over its link
        fence_.swap(link);
        changes_++;
        break;
    }
    tell();
}

void Syncobj::tell() {
    queue_.wake_all();
    std::vector<Ref<EventfdEntry>> entries;
    {
        MutexLock lock(mutex_);
        entries.swap(unsubmitted_);
    }
    for (Ref<EventfdEntry>& entry : entries) settle(std::move(entry));
}

void Syncobj::add_eventfd(Ref<EventfdEntry> entry) {
    settle(std::move(entry));
}

void Syncobj::settle(Ref<EventfdEntry> entry) {
    for (;;) {
        MaybeRef<Fence> head;
        uint64_t seen = 0;
        {
            MutexLock lock(mutex_);
            head = fence_;
            seen = changes_;
        }
        const MaybeRef<Fence> found = head ? find_point(*head, entry->point()) : std::nullopt;
        if (found) {
            start(entry, *found);
            return;
        }
        MutexLock lock(mutex_);
        if (changes_ != seen) continue;
        unsubmitted_.push_back(std::move(entry));
        return;
    }
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
