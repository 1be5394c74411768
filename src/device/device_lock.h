// The lock that probe, unbind, add and del of one device hold from start to end.
// Linux: device_lock() in include/linux/device.h
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace plugboard::device {

class Device;
class DeviceLocked;

/// Not a Mutex, because drivers and watchers run while it is held, and a probe adds children, whose
/// locks then nest in it: an order within one class, which the order check cannot know. The order
/// is parents before children; debug builds abort on the opposite. Linux:
/// lockdep_set_novalidate_class
class DeviceLock {
  public:
    explicit DeviceLock(const std::string& path) : path_(path) {}
    DeviceLock(const DeviceLock&) = delete;
    DeviceLock& operator=(const DeviceLock&) = delete;

    /// This thread holds it.
    bool is_mine() const;
    /// This thread holds that of some device.
    static bool is_any_mine();

  private:
    friend class DeviceLocked;
    void lock();
    bool try_lock();
    void unlock();

    const std::string& path_;  // of the device, below /sys
    std::atomic<uint32_t> taken_{0};
};

/// Holds the lock of a device for a scope, and proves it to the functions that need it.
class DeviceLocked {
  public:
    explicit DeviceLocked(Device& device);
    /// Nothing when somebody holds it: for who holds other locks, in whatever order.
    static void try_lock(Device& device, std::optional<DeviceLocked>& locked);
    /// For try_lock(): it is held already.
    DeviceLocked(Device& device, std::adopt_lock_t);
    ~DeviceLocked();
    DeviceLocked(const DeviceLocked&) = delete;
    DeviceLocked& operator=(const DeviceLocked&) = delete;

    Device& device() const { return device_; }

  private:
    friend class DeviceLock;
    Device& device_;
    DeviceLock& lock_;
    DeviceLocked* const outer_;  // the thread's enclosing one, of another device
};

}  // namespace plugboard::device
