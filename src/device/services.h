// What other layers keep once a model: the DRM core's minors, its sync files.
#pragma once

#include <memory>
#include <vector>

#include "base/mutex.h"

namespace plugboard::device {

/// Made at first use, destroyed newest first. Any thread.
class Services {
  public:
    Services() = default;
    ~Services() {
        while (!entries_.empty()) entries_.pop_back();
    }

    /// The one T, made by T(owner) at first use. T's constructor may not ask for a service.
    template <class T, class Owner>
    T& of(Owner& owner) {
        static const char key = 0;
        MutexLock lock(mutex_);
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
    std::vector<Entry> entries_;  // guarded by mutex_, but for the destructor
};

}  // namespace plugboard::device
