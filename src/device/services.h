// What other layers keep once a model: the DRM core's minors, its sync files.
#pragma once

#include <cassert>
#include <memory>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace plugboard::device {

/// Made at first use, destroyed newest first. Any thread.
class Services {
  public:
    Services() = default;
    /// Destroys all, each with no lock held: it may leave work to its owner. None is asked for
    /// afterwards (asserted).
    void end() {
        MutexLock lock(mutex_);
        is_ended_ = true;
        while (!entries_.empty()) {
            Entry newest = std::move(entries_.back());
            entries_.pop_back();
            lock.unlock();
            newest.holder.reset();
            lock.lock();
        }
    }

    /// The one T, made by T(owner) at first use. T's constructor may not ask for a service.
    template <class T, class Owner>
    T& of(Owner& owner) {
        static const char key = 0;
        MutexLock lock(mutex_);
        assert(!is_ended_);
        for (const Entry& entry : entries_) {
            if (entry.key == &key) return static_cast<Holder<T>&>(*entry.holder).value;
        }
        auto holder = std::make_unique<Holder<T>>(owner);
        T& value = holder->value;
        entries_.push_back({&key, std::move(holder)});
        return value;
    }

  private:
    struct Base {
        virtual ~Base() = default;
    };
    template <class T>
    struct Holder final : Base {
        template <class Owner>
        explicit Holder(Owner& owner) : value(owner) {}
        T value;
    };
    struct Entry {
        const char* key;
        std::unique_ptr<Base> holder;
    };

    Mutex<LockClass<Services>> mutex_;
    std::vector<Entry> entries_ GUARDED_BY(mutex_);
    bool is_ended_ GUARDED_BY(mutex_) = false;
};

}  // namespace plugboard::device
