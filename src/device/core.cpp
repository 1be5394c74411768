#include "device/core.h"

#include <utility>

#include "base/log.h"
#include "device/bus_state.h"
#include "device/device.h"
#include "device/device_state.h"
#include "device/model_state.h"
#include "device/uevent.h"

namespace plugboard::device {

DeviceLock& Core::lock_of(Device& device) {
    return device.state_->lock;
}

bool Core::is_inside(Device& device) {
    return device.state_->lock.is_mine() || device.gate_.is_inside();
}

void Core::notify(const char* event, Device& device) {
    if (!device.info_.bus) return;
    device.model_.state_->watchers.each([&](Watcher& watcher) { watcher.notify(event, device); });
}

void Core::send_uevent(Device& device, std::string action,
                       std::vector<std::pair<std::string, std::string>> keys) {
    if (!device.info_.bus && device.info_.class_name.empty()) return;
    if (!device.is_added()) return;
    Model::State& model = *device.model_.state_;
    if (model.watchers.empty()) return;
    model.watchers.uevent(Ref<const Device>::share(device),
                          {.action = std::move(action),
                           .devpath = device.state_->path,
                           .keys = uevent_keys(device, std::move(keys))});
}

Result<void> Core::enter_model(Device& device) {
    Device::State& state = *device.state_;
    Model::State& model = *device.model_.state_;
    const DeviceInfo& info = device.info_;

    MutexLock lock(model.mutex);
    if (state.is_added.load()) return Errno::Exist;
    if (info.parent && !info.parent->is_added()) return Errno::NoEnt;
    NameTable<Device>* same_class = nullptr;
    if (!info.class_name.empty()) {
        same_class = &model.by_class[info.class_name];
        if (same_class->find(info.name)) return Errno::Exist;
    }
    if (info.node && model.by_number.contains(Model::State::number_of(*info.node)))
        return Errno::Exist;
    if (!model.by_path.insert(state.path, device)) return Errno::Exist;
    if (info.bus) {
        Bus::State& bus = *info.bus->state_;
        MutexLock bus_lock(bus.mutex);
        if (!bus.by_name.insert(info.name, device)) {
            model.by_path.erase(state.path);
            return Errno::Exist;
        }
        bus.devices.push_back(state.in_bus);
    }
    model.devices.push_back(state.in_model);
    if (same_class) same_class->insert(info.name, device);
    if (info.node) model.by_number.emplace(Model::State::number_of(*info.node), &device);

    MutexLock state_lock(state.mutex);
    state.self = Ref<Device>::share(device);
    if (info.parent) state.parent = Ref<Device>::share(*info.parent);
    state.is_added = true;
    return {};
}

void Core::leave_bus_and_class(Device& device) {
    const DeviceInfo& info = device.info_;
    Device::State& state = *device.state_;
    Model::State& model = *device.model_.state_;
    MutexLock lock(model.mutex);
    if (info.node) model.by_number.erase(Model::State::number_of(*info.node));
    if (!info.class_name.empty()) model.by_class[info.class_name].erase(info.name);
    if (!info.bus) return;
    Bus::State& bus = *info.bus->state_;
    MutexLock bus_lock(bus.mutex);
    bus.by_name.erase(info.name);
    state.in_bus.unlink();
}

void Core::leave_model(Device& device) {
    Device::State& state = *device.state_;
    Model::State& model = *device.model_.state_;
    MutexLock lock(model.mutex);
    model.by_path.erase(state.path);
    state.in_model.unlink();
    state.is_added = false;
}

Result<void> Core::add(Device& device) {
    if (is_inside(device)) return Errno::Exist;  // its add() or probe() is running
    DeviceLocked locked(device);
    {
        MutexLock lock(device.state_->mutex);
        if (device.state_->dying) return Errno::NoDev;
    }
    // What is begun inside a device is finished by the worker. The model's own roots need none.
    if (device.info_.bus || device.info_.parent) TRY(device.model_.state_->worker.start());
    TRY(enter_model(device));
    log::line(log::Category::Device, "{}: added at {}", device.name(), device.state_->path);
    device.model_.state_->watchers.each([&](Watcher& watcher) { watcher.device_added(device); });
    notify("ADD_DEVICE", device);
    send_uevent(device, "add", {});
    attach(locked);
    return {};
}

void Core::mark_gone(Device& device) {
    {
        MutexLock lock(device.state_->mutex);
        device.gone_ = true;
        device.gate_.close();
    }
    device.gone_queue_.wake_all();
}

void Core::del(Device& device) {
    {
        MutexLock lock(device.state_->mutex);
        if (std::exchange(device.state_->dying, true)) return;
    }
    mark_gone(device);
    if (!is_inside(device)) return finish_del(device);
    device.model_.run_later([keep = Ref<Device>::share(device)] { finish_del(*keep); });
}

void Core::finish_del(Device& device) {
    MaybeRef<Device> self, parent;  // dropped last, with nothing held
    DeviceLocked locked(device);
    Device::State& state = *device.state_;
    const bool was_added = state.is_added;
    if (was_added) {
        notify("DEL_DEVICE", device);
        leave_bus_and_class(device);
    }
    release_driver(locked);
    if (!device.model_.settings_.release_only_at_last_put)
        device.devres_.release_all(Devres::Further::Refused);
    if (!was_added) return;

    notify("REMOVED_DEVICE", device);
    device.model_.state_->watchers.each([&](Watcher& watcher) { watcher.device_removed(device); });
    send_uevent(device, "remove", {});
    log::line(log::Category::Device, "{}: removed", device.name());
    leave_model(device);
    MutexLock lock(state.mutex);
    self = std::exchange(state.self, std::nullopt);
    parent = std::exchange(state.parent, std::nullopt);
}

}  // namespace plugboard::device
