// Proof that a device is bound to its driver, and the typed managed resources it gives access to.
// Linux: devm_*; Rust for Linux: Device<Bound> and Devres<T> (rust/kernel/devres.rs)
#pragma once

#include <cassert>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "base/gate.h"
#include "base/result.h"
#include "device/devres/devres.h"
#include "device/insiders.h"

namespace plugboard::device {

class Device;
template <class T>
class Managed;

/// Made by the core for probe() and for hooks inside the device's gate; good for its scope on its
/// thread only. It cannot be copied, moved, returned or made with new.
class Bound {
  public:
    Bound(const Bound&) = delete;
    Bound& operator=(const Bound&) = delete;
    static void* operator new(size_t) = delete;
    static void* operator new[](size_t) = delete;
    ~Bound();

    Device& device() const { return device_; }

    /// A T that lives until unbind. Made by T::create(args...) where that exists (it returns a
    /// Result<T> or Result<std::unique_ptr<T>>), else by its constructor. In probe() only.
    template <class T, class... Args>
    Result<Managed<T>> manage(Args&&... args);

    /// What probe() returns when something it needs is not there yet: it is tried again later. The
    /// reason is for people. Linux: dev_err_probe with -EPROBE_DEFER
    Errno defer(std::string reason) const;

    /// True while the scope that made it lasts and the device is the one given (debug check).
    bool proves(const Device& device) const { return alive_ == alive && &device == &device_; }

  private:
    friend class Core;     // makes the one for probe()
    friend class Entered;  // and those inside the gate
    explicit Bound(Device& device);
    /// Counts manage() calls and fails the one that a test asked to fail.
    Result<void> before_manage(const char* type_name);
    Result<DevresHandle> add(std::unique_ptr<DevresEntry> entry);

    static constexpr uint32_t alive = 0xb0bb0b0b;
    Device& device_;
    volatile uint32_t alive_ = alive;  // volatile: the destructor's store must not be dropped
};

/// The result of Device::enter(): true while inside the gate, which unbind waits for.
class [[nodiscard]] Entered {
  public:
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;
    explicit operator bool() const { return pass_.has_value(); }
    /// Only when true: ends the process else, in every build.
    const Bound& bound() const {
        if (!pass_) die();
        return bound_;
    }

  private:
    friend class Device;
    Entered(Device& device, std::optional<Gate::Pass> pass, const Doing& doing);
    [[noreturn]] void die() const;
    std::optional<Gate::Pass> pass_;
    std::optional<Insiders::Entry> entry_;  // gone before the pass
    Bound bound_;
};

/// Names a T that lives until unbind; reached only with a Bound of its device. Copied freely.
template <class T>
class Managed {
  public:
    T& get(const Bound& bound) const {
        assert(bound.proves(*device_));
        (void)bound;
        return *value_;
    }

  private:
    friend class Bound;
    Managed(T& value, Device& device) : value_(&value), device_(&device) {}
    T* value_;
    Device* device_;
};

}  // namespace plugboard::device

#include "device/bound_inl.h"
