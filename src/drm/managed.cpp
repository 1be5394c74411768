#include "drm/managed.h"

#include <algorithm>
#include <cassert>

namespace plugboard::drm {

ManagedList::~ManagedList() {
    assert(entries_.empty());
}

void ManagedList::add(const void* value, std::unique_ptr<Entry> entry) {
    MutexLock lock(mutex_);
    entries_.push_back({value, std::move(entry)});
}

void ManagedList::release_entry(const void* value) {
    std::unique_ptr<Entry> taken;  // destroyed with no lock held
    MutexLock lock(mutex_);
    const auto found = std::ranges::find(entries_, value, &Link::value);
    assert(found != entries_.end());
    taken = std::move(found->entry);
    entries_.erase(found);
    lock.unlock();
}

void ManagedList::release_all() {
    for (;;) {
        std::unique_ptr<Entry> newest;  // destroyed with no lock held; it may add entries
        MutexLock lock(mutex_);
        if (entries_.empty()) return;
        newest = std::move(entries_.back().entry);
        entries_.pop_back();
        lock.unlock();
        newest.reset();
        lock.lock();
    }
}

void ManagedList::visit_refs(RefVisitor& visitor) const {
    MutexLock lock(mutex_);
    for (const Link& link : entries_) link.entry->visit_refs(visitor);
}

}  // namespace plugboard::drm
