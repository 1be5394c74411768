// What a bus keeps: its devices and its drivers.
// Linux: struct subsys_private, struct driver_private in drivers/base/base.h
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/list.h"
#include "base/mutex.h"
#include "device/bus.h"
#include "device/device_state.h"
#include "device/driver.h"
#include "device/name_table.h"

namespace plugboard::device {

/// A driver on a bus. Its fields are guarded by the bus's mutex.
struct BusDriver {
    explicit BusDriver(Driver& registered) : driver(registered) {}
    Driver& driver;
    size_t users = 0;  // those who try it on a device now
    bool is_leaving = false;
    List<DeviceLink> bound;  // oldest first
};

struct Bus::State {
    mutable Mutex<LockClass<Bus>> mutex;
    CondVar unused;  // some driver's last user has left
    List<DeviceLink> devices GUARDED_BY(mutex);
    NameTable<Device> by_name GUARDED_BY(mutex);
    std::vector<std::unique_ptr<BusDriver>> drivers GUARDED_BY(mutex);

    BusDriver* find_locked(std::string_view name) const REQUIRES(mutex) {
        for (const auto& entry : drivers) {
            if (!entry->is_leaving && entry->driver.name() == name) return entry.get();
        }
        return nullptr;
    }
    /// Keeps the drivers registered until as many unuse() calls.
    std::vector<BusDriver*> use_all() {
        std::vector<BusDriver*> used;
        MutexLock lock(mutex);
        for (const auto& entry : drivers) {
            if (entry->is_leaving) continue;
            entry->users++;
            used.push_back(entry.get());
        }
        return used;
    }
    BusDriver* use(std::string_view name) {
        MutexLock lock(mutex);
        BusDriver* found = find_locked(name);
        if (found) found->users++;
        return found;
    }
    void unuse(BusDriver& entry) {
        MutexLock lock(mutex);
        if (--entry.users == 0) unused.notify_all();
    }
};

}  // namespace plugboard::device
