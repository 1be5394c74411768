// What a class keeps: its devices, and who is told of them.
// Linux: struct subsys_private in drivers/base/base.h
#pragma once

#include <atomic>
#include <vector>

#include "base/list.h"
#include "base/mutex.h"
#include "device/class.h"
#include "device/device_state.h"
#include "device/name_table.h"

namespace plugboard::device {

struct Class::State {
    mutable Mutex<LockClass<Class>> mutex;
    NameTable<Device> by_name GUARDED_BY(mutex);  // from their add() on
    List<DeviceLink> devices GUARDED_BY(mutex);   // from after their probe on
    std::vector<ClassInterface*> interfaces GUARDED_BY(mutex);
    std::atomic<size_t> live_devices{0};  // made for it, and not freed yet

    std::vector<Ref<Device>> devices_now() const {
        std::vector<Ref<Device>> now;
        MutexLock lock(mutex);
        auto& list = const_cast<List<DeviceLink>&>(devices);
        for (DeviceLink* link = list.front(); link; link = list.next(*link))
            now.push_back(Ref<Device>::share(link->device));
        return now;
    }
};

}  // namespace plugboard::device
