#include "device/core.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"
#include "device/bus_state.h"
#include "device/device.h"
#include "device/device_state.h"
#include "device/explainer/loop_check.h"
#include "device/hang_watch.h"
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
    if (!device.info_.bus && !device.info_.device_class) return;
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
    if (info.parent && !takes_children(*info.parent)) return Errno::NoEnt;
    if (info.node && model.by_number.contains(Model::State::number_of(*info.node)))
        return Errno::Exist;
    if (is_name_of_parents_file(device)) return Errno::Exist;
    if (!model.by_path.insert(state.path, device)) return Errno::Exist;
    if (!enter_class(device)) {
        model.by_path.erase(state.path);
        return Errno::Exist;
    }
    if (!enter_bus(device)) {
        forget_class(device);
        model.by_path.erase(state.path);
        return Errno::Exist;
    }
    model.devices.push_back(state.in_model);
    if (info.node) model.by_number.emplace(Model::State::number_of(*info.node), &device);
    if (info.parent) {
        Device::State& parent = *info.parent->state_;
        parent.children.push_back(state.in_parent);
        state.binding_of_parent = parent.driver ? parent.bindings.load() : 0;
    }

    MutexLock state_lock(state.mutex);
    state.self = Ref<Device>::share(device);
    if (info.parent) state.parent = Ref<Device>::share(*info.parent);
    state.is_added = true;
    return {};
}

bool Core::enter_bus(Device& device) {
    if (!device.info_.bus) return true;
    Bus::State& bus = *device.info_.bus->state_;
    MutexLock lock(bus.mutex);
    if (!bus.by_name.insert(device.info_.name, device)) return false;
    bus.devices.push_back(device.state_->in_bus);
    return true;
}

void Core::leave_bus(Device& device) {
    if (!device.info_.bus) return;
    Bus::State& bus = *device.info_.bus->state_;
    MutexLock lock(bus.mutex);
    bus.by_name.erase(device.info_.name);
    device.state_->in_bus.unlink();
}

Result<void> Core::make_files(Device& device) {
    const DeviceInfo& info = device.info_;
    TRY(check_own_names(device));
    if (info.device_class) {
        TRY(make_groups(device, GroupOwner::Class, info.device_class->device_groups(device)));
    }
    TRY(make_groups(device, GroupOwner::Device, info.groups));
    if (info.bus) TRY(make_groups(device, GroupOwner::Bus, info.bus->device_groups(device)));
    MutexLock lock(device.state_->mutex);
    device.state_->has_files = true;  // from here on add() does not fail: it may have children
    return {};
}

void Core::drop_files(Device& device) {
    {
        MutexLock lock(device.state_->mutex);
        device.state_->has_files = false;
    }
    for (const auto owner : {GroupOwner::Bus, GroupOwner::Device, GroupOwner::Class})
        drop_groups(device, owner);
}

void Core::leave_model(Device& device) {
    Device::State& state = *device.state_;
    Model::State& model = *device.model_.state_;
    MutexLock lock(model.mutex);
    model.by_path.erase(state.path);
    if (device.info_.node) model.by_number.erase(Model::State::number_of(*device.info_.node));
    state.in_model.unlink();
    if (state.in_parent.is_linked()) state.in_parent.unlink();
    if (const auto id = std::exchange(state.platform_id, std::nullopt))
        model.platform_ids.give(*id);
    state.is_added = false;
}

Result<void> Core::add(Device& device) {
    if (is_inside(device)) return Errno::Exist;  // its add() or probe() is running
    DeviceLocked locked(device);
    {
        MutexLock lock(device.state_->mutex);
        if (device.state_->dying) return Errno::NoDev;
    }
    // What is begun inside a device is finished by the worker. The model's own roots are added
    // without one.
    if (device.model_.state_->faux_root) TRY(device.model_.state_->worker.start());
    TRY(enter_model(device));
    if (const auto made = make_files(device); !made.ok()) {
        leave_after_failed_add(device);
        return made;
    }
    log::line(log::Category::Device, "{}: added at {}", device.name(), device.state_->path);
    device.model_.state_->watchers.each([&](Watcher& watcher) { watcher.device_added(device); });
    notify("ADD_DEVICE", device);
    send_uevent(device, "add", {});
    if (device.info_.bus && device.info_.bus->autoprobe()) attach(locked);
    join_class(locked);
    return {};
}

void Core::leave_after_failed_add(Device& device) {
    MaybeRef<Device> self, parent;  // dropped last, with no mutex held
    drop_files(device);
    leave_bus(device);
    forget_class(device);
    leave_model(device);
    MutexLock lock(device.state_->mutex);
    self = std::exchange(device.state_->self, std::nullopt);
    parent = std::exchange(device.state_->parent, std::nullopt);
}

void Core::mark_gone(Device& device) {
    {
        MutexLock lock(device.state_->mutex);
        device.gone_ = true;
        device.gate_.close();
    }
    device.gone_queue_.wake_all();
}

void Core::drain(Device& device, const char* what) {
    mark_children_gone(device, Children::OfThisBinding);
    if (device.gate_.count() == 0) return device.gate_.drain();
    const auto describe = [&device] {
        const auto told = device.insiders_.describe_all(device.model_.clock().now());
        const size_t all = device.gate_.count();
        std::string text = fmt::format("{}", fmt::join(told, "; "));
        if (all > told.size()) {
            text += fmt::format("{}{} inside who do not say what for", told.empty() ? "" : "; ",
                                all - told.size());
        }
        return text;
    };
    const HangWatch watch(device.model_.clock(), fmt::format("{} of {}", what, device.name()),
                          describe);
    device.gate_.drain();
}

void Core::del(Device& device) {
    {
        MutexLock lock(device.state_->mutex);
        if (std::exchange(device.state_->dying, true)) return;
    }
    mark_gone(device);
    mark_children_gone(device, Children::All);
    if (!is_inside_tree(device)) return finish_del(device);
    device.model_.run_later([keep = Ref<Device>::share(device)] { finish_del(*keep); });
}

void Core::finish_del(Device& device) {
    const LoopCheckAtDel check(device);  // first, so that it looks last
    MaybeRef<Device> self, parent;       // dropped last, with no mutex held
    DeviceLocked locked(device);
    Device::State& state = *device.state_;
    if (std::exchange(state.is_del_finished, true)) return;
    const bool was_added = state.is_added;
    if (was_added) {
        delete_children(locked, Children::All);
        notify("DEL_DEVICE", device);
        leave_class(locked);
        drop_files(device);
        device.attributes_changed();
        leave_bus(device);
    }
    release_driver(locked);
    device.model_.state_->deferred.remove(device);
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
