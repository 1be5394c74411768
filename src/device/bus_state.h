// What a bus keeps: its devices and its drivers.
// Linux: struct subsys_private, struct driver_private in drivers/base/base.h
#pragma once

#include <atomic>
#include <cstdint>
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
    BusDriver(Driver& registered, uint64_t count) : driver(registered), number(count) {}
    Driver& driver;
    const uint64_t number;  // 1 for the first that was registered on the bus
    size_t users = 0;       // those who try it on a device now
    bool is_leaving = false;
    List<DeviceLink> bound;  // oldest first
};

struct Bus::State {
    mutable Mutex<LockClass<Bus>> mutex;
    CondVar unused;  // some driver's last user has left
    List<DeviceLink> devices GUARDED_BY(mutex);
    NameTable<Device> by_name GUARDED_BY(mutex);
    std::vector<std::unique_ptr<BusDriver>> drivers GUARDED_BY(mutex);
    uint64_t last_number GUARDED_BY(mutex) = 0;
    std::atomic<bool> autoprobe{true};
    std::atomic<size_t> live_devices{0};  // made for it, and not freed yet

    std::vector<Ref<Device>> devices_now() {
        std::vector<Ref<Device>> now;
        MutexLock lock(mutex);
        for (DeviceLink* link = devices.front(); link; link = devices.next(*link))
            now.push_back(Ref<Device>::share(link->device));
        return now;
    }
    BusDriver* find_locked(std::string_view name) const REQUIRES(mutex) {
        for (const auto& entry : drivers) {
            if (!entry->is_leaving && entry->driver.name() == name) return entry.get();
        }
        return nullptr;
    }
    /// The first driver that was registered after the one with that number; null: none. It stays
    /// registered until unuse(), as does what use() gives.
    BusDriver* use_next(uint64_t number) {
        MutexLock lock(mutex);
        for (const auto& entry : drivers) {
            if (entry->is_leaving || entry->number <= number) continue;
            entry->users++;
            return entry.get();
        }
        return nullptr;
    }
    /// The one with that number; null: it is not there any more.
    BusDriver* use(uint64_t number) {
        MutexLock lock(mutex);
        for (const auto& entry : drivers) {
            if (entry->is_leaving || entry->number != number) continue;
            entry->users++;
            return entry.get();
        }
        return nullptr;
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
