// Resources that live as long as a drm::Device, released newest first after its last user.
// Linux: drivers/gpu/drm/drm_managed.c
#pragma once

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
        add(std::move(entry));
        return value;
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
    void add(std::unique_ptr<Entry> entry);

    mutable Mutex<LockClass<ManagedList>> mutex_;
    std::vector<std::unique_ptr<Entry>> entries_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::drm
