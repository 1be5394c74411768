// What a device keeps that only the core looks at.
// Linux: struct device_private in drivers/base/base.h
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/list.h"
#include "base/mutex.h"
#include "device/class.h"
#include "device/device.h"
#include "device/device_lock.h"

namespace plugboard::device {

struct BusDriver;

/// A device's place in one of the core's lists; the list's owner does the locking.
struct DeviceLink : ListNode {
    explicit DeviceLink(Device& owner) : device(owner) {}
    Device& device;
};

struct Device::State {
    State(Device& device, std::string sysfs_path, size_t length_of_parent)
        : path(std::move(sysfs_path)),
          parent_length(length_of_parent),
          lock(path),
          in_model(device),
          in_bus(device),
          in_driver(device),
          in_class(device),
          in_parent(device),
          in_deferred(device) {}

    /// No probe is begun any more, and no child added.
    bool is_going_locked() const REQUIRES(mutex) { return dying || goes_with_parent; }

    const std::string path;
    const size_t parent_length;  // the parent's path is the path's first part
    DeviceLock lock;

    mutable Mutex<LockClass<Device>> mutex;
    std::string driver_name GUARDED_BY(mutex);      // empty: none
    std::string driver_override GUARDED_BY(mutex);  // platform devices
    std::vector<std::pair<GroupOwner, Attribute>> group_files GUARDED_BY(mutex);
    MaybeRef<Device> self GUARDED_BY(mutex);          // the model's, while added
    MaybeRef<Device> parent GUARDED_BY(mutex);        // while added
    bool dying GUARDED_BY(mutex) = false;             // del() was called
    bool goes_with_parent GUARDED_BY(mutex) = false;  // will be deleted: the parent has begun to go
    bool is_power_on GUARDED_BY(mutex) = false;       // power/control: on, not auto
    bool has_files GUARDED_BY(mutex) = false;         // its folder has something in it
    bool is_del_finished = false;                     // under the device's lock
    bool released = false;                            // the first last_put has been

    // Written under the device's lock, read by anyone.
    std::atomic<BusDriver*> driver{nullptr};
    std::atomic<bool> is_added{false}, is_bound{false};
    std::atomic<uint64_t> bindings{0};      // how often a probe was begun
    std::atomic<uint64_t> driver_drops{0};  // how often its driver's files were dropped

    std::optional<int> platform_id;  // that add_platform_device() has chosen; under model's mutex
    Driver* faux_driver = nullptr;   // what a faux device was made with; set before add
    std::vector<AttributeGroup> faux_groups;  // likewise
    std::vector<ClassInterface*> told;        // under the device's lock
    uint64_t binding_of_parent = 0;           // the parent's `bindings` at add; 0: it had no driver
    DeviceLink in_model, in_bus, in_driver, in_class, in_parent, in_deferred;
    List<DeviceLink> children;  // guarded by the model's mutex; oldest first
};

}  // namespace plugboard::device
