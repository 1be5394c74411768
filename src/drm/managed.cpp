#include "drm/managed.h"

#include <cassert>

namespace plugboard::drm {

ManagedList::~ManagedList() {
    assert(entries_.empty());
}

void ManagedList::add(std::unique_ptr<Entry> entry) {
    MutexLock lock(mutex_);
    entries_.push_back(std::move(entry));
}

void ManagedList::release_all() {
    for (;;) {
        std::unique_ptr<Entry> newest;  // destroyed with no lock held; it may add entries
        MutexLock lock(mutex_);
        if (entries_.empty()) return;
        newest = std::move(entries_.back());
        entries_.pop_back();
        lock.unlock();
        newest.reset();
        lock.lock();
    }
}

void ManagedList::visit_refs(RefVisitor& visitor) const {
    MutexLock lock(mutex_);
    for (const auto& entry : entries_) entry->visit_refs(visitor);
}

}  // namespace plugboard::drm
