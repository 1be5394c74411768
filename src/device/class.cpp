#include "device/class.h"

#include <algorithm>
#include <cassert>

#include "device/class_state.h"
#include "device/core.h"
#include "device/device.h"

namespace plugboard::device {

Class::Class(Model& model, std::string name)
    : model_(model), name_(std::move(name)), state_(std::make_unique<State>()) {}

Class::~Class() = default;

MaybeRef<Device> Class::find_device(std::string_view name) const {
    MutexLock lock(state_->mutex);
    Device* found = state_->by_name.find(name);
    if (!found) return std::nullopt;
    return Ref<Device>::share(*found);
}

std::vector<AttributeGroup> Class::device_groups(const Device&) const {
    return {};
}

void Class::add_uevent_keys(const Device&,
                            std::vector<std::pair<std::string, std::string>>&) const {}

void Class::add_interface(ClassInterface& interface) {
    {
        MutexLock lock(state_->mutex);
        state_->interfaces.push_back(&interface);
    }
    for (const Ref<Device>& device : state_->devices_now()) Core::tell_interfaces(*device);
}

void Class::remove_interface(ClassInterface& interface) {
    {
        MutexLock lock(state_->mutex);
        std::erase(state_->interfaces, &interface);
    }
    // One that is telling it now has been listed before, and holds its device's lock meanwhile.
    for (const Ref<Device>& device : state_->devices_now())
        Core::untell_interface(*device, interface);
}

bool Core::enter_class(Device& device) {
    if (!device.info_.device_class) return true;
    Class::State& state = *device.info_.device_class->state_;
    MutexLock lock(state.mutex);
    return state.by_name.insert(device.info_.name, device);
}

void Core::forget_class(Device& device) {
    if (!device.info_.device_class) return;
    Class::State& state = *device.info_.device_class->state_;
    MutexLock lock(state.mutex);
    state.by_name.erase(device.info_.name);
}

void Core::tell_interfaces(Device& device) {
    assert(!is_inside_tree(device));
    DeviceLocked locked(device);
    tell_interfaces(locked);
}

void Core::tell_interfaces(const DeviceLocked& locked) {
    Device& device = locked.device();
    Class::State& state = *device.info_.device_class->state_;
    auto& told = device.state_->told;
    for (;;) {
        ClassInterface* next = nullptr;
        {
            MutexLock lock(state.mutex);
            if (!device.state_->in_class.is_linked()) return;
            const auto untold = std::ranges::find_if(state.interfaces, [&](ClassInterface* one) {
                return std::ranges::find(told, one) == told.end();
            });
            if (untold == state.interfaces.end()) return;
            next = *untold;
            told.push_back(next);
        }
        next->device_added(device);
    }
}

void Core::untell_interface(Device& device, ClassInterface& interface) {
    assert(!is_inside_tree(device));
    DeviceLocked locked(device);
    if (std::erase(device.state_->told, &interface) > 0) interface.device_removed(device);
}

void Core::join_class(const DeviceLocked& locked) {
    Device& device = locked.device();
    if (!device.info_.device_class) return;
    {
        Class::State& state = *device.info_.device_class->state_;
        MutexLock lock(state.mutex);
        state.devices.push_back(device.state_->in_class);
    }
    tell_interfaces(locked);
}

void Core::leave_class(const DeviceLocked& locked) {
    Device& device = locked.device();
    if (!device.info_.device_class) return;
    for (ClassInterface* one : std::exchange(device.state_->told, {})) one->device_removed(device);
    Class::State& state = *device.info_.device_class->state_;
    MutexLock lock(state.mutex);
    if (device.state_->in_class.is_linked()) device.state_->in_class.unlink();
    state.by_name.erase(device.name());
}

}  // namespace plugboard::device
