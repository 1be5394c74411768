// The watchers of a model, and the calls to them.
// Linux: blocking notifier chains, the uevent socket's listeners
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "device/model.h"

namespace plugboard::device {

/// Any thread. Calls are made with no lock held.
class Watchers {
  public:
    ~Watchers();
    void add(Watcher& watcher);
    /// Waits for calls to it on other threads.
    void remove(Watcher& watcher);
    bool empty() const { return count_.load() == 0; }

    /// Calls `call(watcher)` for each, in order of adding.
    template <class Call>
    void each(Call call) {
        if (empty()) return;
        const auto self = std::this_thread::get_id();
        MutexLock lock(mutex_);
        walks_++;
        for (size_t i = 0; i < slots_.size(); i++) {
            Slot& slot = *slots_[i];
            if (!slot.watcher) continue;
            slot.callers.push_back(self);
            Watcher& watcher = *slot.watcher;
            lock.unlock();
            call(watcher);
            lock.lock();
            std::erase_if(slot.callers, [&, once = true](auto id) mutable {
                return id == self && std::exchange(once, false);
            });
            if (!slot.watcher) left_.notify_all();
        }
        if (--walks_ == 0) sweep_locked();
    }

    /// Gives the uevent its number and hands it to all, after those that other threads are handing
    /// out; then it returns before the event was seen.
    void uevent(Ref<const Device> device, Uevent event);

  private:
    struct Slot {
        Watcher* watcher;  // null: removed
        std::vector<std::thread::id> callers;
    };
    struct Queued {
        Ref<const Device> device;
        Uevent event;
    };
    void sweep_locked() REQUIRES(mutex_);

    std::atomic<size_t> count_{0};
    Mutex<LockClass<Watchers>> mutex_;
    CondVar left_;
    std::vector<std::unique_ptr<Slot>> slots_ GUARDED_BY(mutex_);
    size_t walks_ GUARDED_BY(mutex_) = 0;
    std::deque<Queued> uevents_ GUARDED_BY(mutex_);
    uint64_t last_seqnum_ GUARDED_BY(mutex_) = 0;
    bool is_handing_out_ GUARDED_BY(mutex_) = false;
};

}  // namespace plugboard::device
