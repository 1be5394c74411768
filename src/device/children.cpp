// A device's children: gone before it stops.
// Linux has no such rule: device_del leaves them to whoever made them.
#include "base/gate.h"
#include "base/log.h"
#include "device/core.h"
#include "device/device.h"
#include "device/device_state.h"
#include "device/model_state.h"

namespace plugboard::device {

bool Core::takes_children(const Device& device) {
    const Device::State& state = *device.state_;
    MutexLock lock(state.mutex);
    return state.is_added && !state.dying;
}

bool Core::is_inside_tree(Device& device) {
    if (!DeviceLock::is_any_mine() && !Gate::is_inside_any()) return false;
    if (is_inside(device)) return true;
    Device::State& state = *device.state_;
    std::vector<Ref<Device>> children;
    {
        MutexLock lock(device.model_.state_->mutex);
        for (DeviceLink* link = state.children.front(); link; link = state.children.next(*link))
            children.push_back(Ref<Device>::share(link->device));
    }
    for (const Ref<Device>& child : children) {
        if (is_inside_tree(*child)) return true;
    }
    return false;
}

MaybeRef<Device> Core::newest_child(Device& device, Children which) {
    Device::State& state = *device.state_;
    MutexLock lock(device.model_.state_->mutex);
    for (DeviceLink* link = state.children.back(); link; link = state.children.prev(*link)) {
        Device& child = link->device;
        if (child.info_.is_deleted_by_owner) continue;
        if (which == Children::OfThisBinding &&
            child.state_->binding_of_parent != state.bindings.load())
            continue;
        return Ref<Device>::share(child);
    }
    return std::nullopt;
}

void Core::delete_children(const DeviceLocked& locked, Children which) {
    while (MaybeRef<Device> child = newest_child(locked.device(), which)) {
        log::line(log::Category::Device, "{}: deletes its child {}", locked.device().name(),
                  (*child)->name());
        del(**child);
        finish_del(**child);  // another thread, or the worker, may have begun it
    }
}

}  // namespace plugboard::device
