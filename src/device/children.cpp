// A device's children: gone before it stops.
// Linux has no such rule: device_del leaves them to whoever made them.
#include <algorithm>

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
    const bool is_stopping = state.driver && device.is_gone();
    return state.has_files && !state.is_going_locked() && !is_stopping;
}

bool Core::is_inside_tree(Device& device) {
    if (!DeviceLock::is_any_mine() && !Gate::is_inside_any()) return false;
    if (is_inside(device)) return true;
    return std::ranges::any_of(children_of(device), [](const Ref<Device>& child) {  //
        return is_inside_tree(*child);
    });
}

std::vector<Ref<Device>> Core::children_of(const Device& device) {
    std::vector<Ref<Device>> children;
    auto& list = device.state_->children;
    MutexLock lock(device.model_.state_->mutex);
    for (DeviceLink* link = list.front(); link; link = list.next(*link))
        children.push_back(Ref<Device>::share(link->device));
    return children;
}

bool Core::is_deleted_with(const Device& parent, const Device& child, Children which) {
    if (child.info_.is_deleted_by_owner) return false;
    return which == Children::All ||
           child.state_->binding_of_parent == parent.state_->bindings.load();
}

bool Core::is_of_unfinished_probe(const Device& device) {
    MutexLock lock(device.model_.state_->mutex);  // who is added then has its parent still
    for (const Device* child = &device; child->is_added() && child->info_.parent;
         child = child->info_.parent) {
        const Device::State& parent = *child->info_.parent->state_;
        if (parent.driver && !parent.is_bound &&
            child->state_->binding_of_parent == parent.bindings)
            return true;
    }
    return false;
}

bool Core::has_bound_child(const Device& device) {
    return std::ranges::any_of(children_of(device), [&](const Ref<Device>& child) {
        return child->is_bound() &&
               child->state_->binding_of_parent == device.state_->bindings.load();
    });
}

MaybeRef<Device> Core::newest_child(Device& device, Children which) {
    Device::State& state = *device.state_;
    MutexLock lock(device.model_.state_->mutex);
    for (DeviceLink* link = state.children.back(); link; link = state.children.prev(*link)) {
        if (is_deleted_with(device, link->device, which)) return Ref<Device>::share(link->device);
    }
    return std::nullopt;
}

void Core::mark_children_gone(const Device& device, Children which) {
    for (const Ref<Device>& child : children_of(device)) {
        if (!is_deleted_with(device, *child, which)) continue;
        {
            MutexLock lock(child->state_->mutex);
            child->state_->goes_with_parent = true;  // from here on nothing opens its gate
        }
        mark_gone(*child);
        mark_children_gone(*child, Children::All);
    }
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
