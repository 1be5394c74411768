// A managed resource that is a C++ object.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "base/type_name.h"
#include "device/devres/devres_entry.h"

namespace plugboard::device {

/// A T on a devres list, whatever keeps it.
template <class T>
class DevresOf : public DevresEntry {
  public:
    T& value() { return *value_; }

  protected:
    DevresOf(std::string name, T* value)
        : DevresEntry(std::move(name), {.kind = kind_of<T>()}, sizeof(T)), value_(value) {}

  private:
    void release() override {}  // the destructor, which follows at once, does the work
    T* const value_;
};

/// One that is in the entry itself; its destructor is what releases it.
template <class T>
class DevresValue final : public DevresOf<T> {
  public:
    template <class... Args>
    explicit DevresValue(std::string name, Args&&... args)
        : DevresOf<T>(std::move(name), &value_), value_(std::forward<Args>(args)...) {}

    void visit_refs(RefVisitor& visitor) const override {
        if constexpr (requires { value_.visit_refs(visitor); }) value_.visit_refs(visitor);
    }

  private:
    T value_;
};

/// One that was made elsewhere.
template <class T>
class DevresPointer final : public DevresOf<T> {
  public:
    DevresPointer(std::string name, std::unique_ptr<T> value)
        : DevresOf<T>(std::move(name), value.get()), owned_(std::move(value)) {}

    void visit_refs(RefVisitor& visitor) const override {
        if constexpr (requires { owned_->visit_refs(visitor); }) owned_->visit_refs(visitor);
    }

  private:
    std::unique_ptr<T> owned_;
};

}  // namespace plugboard::device
