// Resources that live as long as a drm::Device, released newest first after its last user.
// Linux: drivers/gpu/drm/drm_managed.c
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"

namespace plugboard::drm {

/// The list of one drm::Device (drmm). Any thread; releases run with no lock held.
class ManagedList {
  public:
    ManagedList() = default;
    ~ManagedList();  // release_all() has run

    /// A T that lives as long as the drm::Device.
    template <class T, class... Args>
    T& make(Args&&... args) {
        auto entry = std::make_unique<Holder<T>>(std::forward<Args>(args)...);
        T& value = entry->value;
        add(&value, std::move(entry));
        return value;
    }
    /// Runs at release, unless release() ran it before. Linux: drmm_add_action
    class Action {
      public:
        explicit Action(std::function<void()> run) : run_(std::move(run)) {}
        ~Action() { run_(); }
        Action(const Action&) = delete;
        Action& operator=(const Action&) = delete;

      private:
        const std::function<void()> run_;
    };
    /// Takes off what make() made and destroys it now. Linux: drmm_release_action
    template <class T>
    void release(T& value) {
        release_entry(&value);
    }
    void release_all();
    void visit_refs(RefVisitor& visitor) const;

  private:
    struct Entry {
        virtual ~Entry() = default;
        virtual void visit_refs(RefVisitor&) const {}
    };
    template <class T>
    struct Holder final : Entry {
        template <class... Args>
        explicit Holder(Args&&... args) : value(std::forward<Args>(args)...) {}
        void visit_refs(RefVisitor& visitor) const override {
            if constexpr (requires { value.visit_refs(visitor); }) value.visit_refs(visitor);
        }
        T value;
    };
    struct Link {
        const void* value;  // what make() returned
        std::unique_ptr<Entry> entry;
    };
    void add(const void* value, std::unique_ptr<Entry> entry);
    void release_entry(const void* value);

    mutable Mutex<LockClass<ManagedList>> mutex_;
    std::vector<Link> entries_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::drm
