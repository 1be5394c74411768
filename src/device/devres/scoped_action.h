// An action that an object owns: it runs when the object goes, or when the device releases its
// resources, whichever is first.
// Rust for Linux: Devres<T> in rust/kernel/devres.rs (there: freed at the earlier of both)
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "base/result.h"
#include "device/devres/devres.h"

namespace plugboard::device {

/// Runs exactly once, with no lock held. Neither side waits for the other: when the device has
/// begun to run it, the owner's end does not wait for it, so that the last reference of the owner
/// may be dropped by another resource of the same device. Any thread; moved, not copied.
class ScopedAction {
  public:
    /// NoDev, NoMem: as Devres::add; it does not run then.
    static Result<ScopedAction> create(Devres& devres, std::string name, std::function<void()> run);

    ScopedAction(ScopedAction&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
    ScopedAction& operator=(ScopedAction&& other) noexcept {
        std::swap(shared_, other.shared_);
        return *this;
    }
    ~ScopedAction();

    /// The device has run it, or does so now.
    bool has_run() const;

  private:
    class Shared;
    class Entry;
    explicit ScopedAction(Shared& shared) : shared_(&shared) {}
    Shared* shared_;  // null: moved away
};

}  // namespace plugboard::device
