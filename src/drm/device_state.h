// What a drm::Device keeps that only src/drm looks at.
// Linux: struct drm_device
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "drm/device.h"
#include "drm/fault_plan.h"
#include "drm/gem/names.h"
#include "drm/master.h"
#include "drm/minors.h"

namespace plugboard::drm {

struct Device::State {
    State(uint64_t unique_number, Clock& clock) : number(unique_number), faults(clock) {}

    /// Never used again in this process; says which device a buffer was made on.
    const uint64_t number;
    // Set before anybody else knows the device.
    std::optional<MinorNumber> primary, render;

    std::atomic<bool> is_published{false};

    FaultPlan faults;

    mutable Mutex<LockClass<File, 1>> files_mutex;
    std::map<uint64_t, File*> files GUARDED_BY(files_mutex);  // the open ones, by id: oldest first

    /// Guards the current master, all Master objects and the auth fields of all files.
    mutable Mutex<LockClass<Master>> master_mutex;
    MaybeRef<Master> master GUARDED_BY(master_mutex);

    gem::Names names;

    mutable Mutex<LockClass<Device, 1>> nodes_mutex;
    MaybeRef<device::Device> card GUARDED_BY(nodes_mutex);
    MaybeRef<device::Device> render_node GUARDED_BY(nodes_mutex);
    std::map<uint32_t, Ref<device::Device>> connectors GUARDED_BY(nodes_mutex);  // by id

    mutable Mutex<LockClass<Device, 2>> debug_mutex;
    std::vector<DebugFile> debug_files GUARDED_BY(debug_mutex);
};

}  // namespace plugboard::drm
