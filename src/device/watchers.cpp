#include "device/watchers.h"

#include <algorithm>
#include <cassert>

namespace plugboard::device {

Watchers::~Watchers() {
    assert(empty());
}

void Watchers::add(Watcher& watcher) {
    MutexLock lock(mutex_);
    slots_.push_back(std::make_unique<Slot>(Slot{&watcher, {}}));
    count_++;
}

void Watchers::remove(Watcher& watcher) {
    const auto self = std::this_thread::get_id();
    MutexLock lock(mutex_);
    auto found =
        std::ranges::find_if(slots_, [&](const auto& slot) { return slot->watcher == &watcher; });
    if (found == slots_.end()) return;
    Slot& slot = **found;
    slot.watcher = nullptr;
    count_--;
    walks_++;  // keeps the slot
    while (!std::ranges::all_of(slot.callers, [&](auto id) { return id == self; }))
        left_.wait(lock);
    if (--walks_ == 0) sweep_locked();
}

void Watchers::sweep_locked() {
    std::erase_if(slots_, [](const auto& slot) { return !slot->watcher; });
}

void Watchers::uevent(Ref<const Device> device, Uevent event) {
    MutexLock lock(mutex_);
    event.seqnum = ++last_seqnum_;
    uevents_.push_back(Queued{std::move(device), std::move(event)});
    if (is_handing_out_) return;
    is_handing_out_ = true;
    while (!uevents_.empty()) {
        std::optional<Queued> next(std::move(uevents_.front()));
        uevents_.pop_front();
        lock.unlock();
        each([&](Watcher& watcher) { watcher.uevent(*next->device, next->event); });
        next.reset();  // perhaps the last reference
        lock.lock();
    }
    is_handing_out_ = false;
}

}  // namespace plugboard::device
