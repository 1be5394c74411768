// What a model keeps.
// Linux: drivers/base/base.h (there: globals)
#pragma once

#include <atomic>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/list.h"
#include "base/mutex.h"
#include "device/class.h"
#include "device/deferred_probes.h"
#include "device/device_state.h"
#include "device/model.h"
#include "device/name_table.h"
#include "device/platform.h"
#include "device/watchers.h"
#include "device/worker.h"

namespace plugboard::device {

struct Model::State {
    explicit State(Clock& clock) : deferred(worker, clock), worker(clock) {}

    mutable Mutex<LockClass<Model>> mutex;
    List<DeviceLink> devices GUARDED_BY(mutex);  // in order of add(): parents before children
    NameTable<Device> by_path GUARDED_BY(mutex);
    std::unordered_map<uint64_t, Device*> by_number GUARDED_BY(mutex);
    std::vector<std::unique_ptr<Bus>> buses GUARDED_BY(mutex);
    std::vector<std::unique_ptr<Class>> classes GUARDED_BY(mutex);

    AutoIds platform_ids GUARDED_BY(mutex);

    Bus* platform_bus = nullptr;  // set by the constructor
    Bus* faux_bus = nullptr;
    std::unique_ptr<Driver> faux_driver;
    MaybeRef<Device> platform_root;  // /devices/platform
    MaybeRef<Device> faux_root;      // /devices/faux

    std::atomic<unsigned> steps_until_failure{0};
    std::atomic<size_t> live_devices{0};
    Watchers watchers;
    DeferredProbes deferred;
    Worker worker;  // gone first: what it finishes then may use all of the above

    /// Counts a step of a probe(); true for the one that a test asked to fail.
    bool is_step_to_fail();

    static uint64_t number_of(const DeviceNode& node) {
        return uint64_t{node.major} << 32 | node.minor;
    }
};

}  // namespace plugboard::device
