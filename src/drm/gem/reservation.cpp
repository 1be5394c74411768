#include "drm/gem/reservation.h"

#include <algorithm>
#include <utility>

namespace plugboard::drm::gem {

void Reservation::add(Ref<Fence> fence, Usage usage) {
    Entries dropped;
    MutexLock lock(mutex_);
    add_locked({std::move(fence), usage}, dropped);
    lock.unlock();
}

bool Reservation::add_if_idle(Ref<Fence> fence, Usage usage, Usage upto) {
    Entries dropped;
    MutexLock lock(mutex_);
    prune_locked(dropped);
    const bool is_idle =
        std::ranges::none_of(entries_, [&](const Entry& entry) { return entry.usage <= upto; });
    if (is_idle) add_locked({std::move(fence), usage}, dropped);
    lock.unlock();
    return is_idle;
}

std::vector<Ref<Fence>> Reservation::pending(Usage upto) const {
    std::vector<Ref<Fence>> found;
    MutexLock lock(mutex_);
    for (const Entry& entry : entries_) {
        if (entry.usage <= upto && !entry.fence->is_signaled()) found.push_back(entry.fence);
    }
    return found;
}

MaybeRef<Fence> Reservation::first_pending(Usage upto) const {
    MutexLock lock(mutex_);
    for (const Entry& entry : entries_) {
        if (entry.usage <= upto && !entry.fence->is_signaled()) return entry.fence;
    }
    return std::nullopt;
}

void Reservation::note_signaled() {
    Entries dropped;
    MutexLock lock(mutex_);
    if (++signaled_ * 2 >= entries_.size()) prune_locked(dropped);
    lock.unlock();
}

void Reservation::prune_locked(Entries& dropped) {
    const auto gone = std::stable_partition(entries_.begin(), entries_.end(), [](const Entry& one) {
        return !one.fence->is_signaled();
    });
    std::move(gone, entries_.end(), std::back_inserter(dropped));
    entries_.erase(gone, entries_.end());
    signaled_ = 0;
}

void Reservation::add_locked(Entry entry, Entries& dropped) {
    prune_locked(dropped);
    const Fence& fence = *entry.fence;
    const auto replaced = std::ranges::find_if(entries_, [&](const Entry& old) {
        return old.fence->info().context == fence.info().context && old.usage >= entry.usage &&
               !is_later(*old.fence, fence);
    });
    if (replaced == entries_.end()) {
        entries_.push_back(std::move(entry));
    } else {
        dropped.push_back(std::exchange(*replaced, std::move(entry)));
    }
}

void Reservation::visit_refs(RefVisitor& visitor) const {
    MutexLock lock(mutex_);
    for (const Entry& entry : entries_) visitor.edge(entry.fence, "dma_resv.fences");
}

}  // namespace plugboard::drm::gem
