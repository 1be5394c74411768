// Matching, probe and unbind.
// Linux: drivers/base/dd.c
#include <cassert>
#include <optional>
#include <utility>

#include "base/log.h"
#include "device/bus_state.h"
#include "device/core.h"
#include "device/device.h"
#include "device/device_state.h"
#include "device/model_state.h"

namespace plugboard::device {

Result<void> Core::may_probe(const DeviceLocked& locked) {
    Device& device = locked.device();
    Device::State& state = *device.state_;
    {
        MutexLock lock(state.mutex);
        if (state.is_going_locked() || !state.is_added) return Errno::NoDev;
    }
    if (state.driver) return Errno::Busy;
    if (!device.devres_.empty()) {
        log::error("{}: resources present before probing", device.name());
        return Errno::Busy;
    }
    return {};
}

Result<void> Core::probe(const DeviceLocked& locked, BusDriver& entry) {
    Device& device = locked.device();
    Device::State& state = *device.state_;
    Driver& driver = entry.driver;
    {
        MutexLock lock(state.mutex);
        if (state.is_going_locked()) return Errno::NoDev;
        state.driver_name = driver.name();
        state.bindings++;
    }
    open_gate(device);
    state.driver = &entry;
    const uint64_t binds = device.model_.state_->deferred.binds();
    notify("BIND_DRIVER", device);

    Result<void> probed = start(locked, driver);
    if (probed.ok() && device.model_.settings_.test_driver_remove &&
        !driver.info().suppress_bind_attrs) {
        mark_gone(device);
        drain(device, "unbind");
        stop(locked, driver);
        open_gate(device);
        probed = start(locked, driver);
    }
    if (!probed.ok()) {
        mark_gone(device);
        drain(device, "probe that failed");
        delete_children(locked, Children::OfThisBinding);
        notify("DRIVER_NOT_BOUND", device);
        device.devres_.release_all(Devres::Further::Allowed);
        clear_driver(device);
        probe_failed(device, driver, probed.error(), binds);
        // It was not counted when it bound, for it might have gone now.
        if (has_bound_child(device)) device.model_.state_->deferred.device_bound();
        return probed;
    }
    {
        Bus::State& bus = *device.info_.bus->state_;
        MutexLock lock(bus.mutex);
        entry.bound.push_back(state.in_driver);
        state.is_bound = true;
    }
    log::line(log::Category::Device, "{}: bound to {}", device.name(), driver.name());
    device.model_.state_->deferred.remove(device);
    device.attributes_changed();
    notify("BOUND_DRIVER", device);
    send_uevent(device, "bind", {});
    // Linux: before BOUND_DRIVER, but what it starts comes later, too
    if (!is_of_unfinished_probe(device)) device.model_.state_->deferred.device_bound();
    return {};
}

void Core::open_gate(Device& device) {
    Device::State& state = *device.state_;
    MutexLock lock(state.mutex);
    if (state.is_going_locked()) return;
    device.gone_ = false;
    device.gate_.reopen();  // what probe() makes visible may be used before it returns
}

Result<void> Core::start(const DeviceLocked& locked, Driver& driver) {
    Device& device = locked.device();
    Bound bound(device);
    TRY(driver.probe(bound));
    auto made = make_groups(device, GroupOwner::Driver, driver.device_groups(device));
    if (made.ok()) return made;
    // Before remove(), which probe() has earned; what is left to do after a failed start() is done
    // again, and finds nothing.
    mark_gone(device);
    drain(device, "probe that failed");
    delete_children(locked, Children::OfThisBinding);
    driver.remove(bound);
    return made;
}

void Core::stop(const DeviceLocked& locked, Driver& driver) {
    Device& device = locked.device();
    delete_children(locked, Children::OfThisBinding);
    drop_groups(device, GroupOwner::Driver);
    {
        const Bound bound(device);
        driver.remove(bound);
    }
    device.devres_.release_all(Devres::Further::Allowed);
}

void Core::clear_driver(Device& device) {
    Device::State& state = *device.state_;
    {
        // At once: a driver without being bound is a probe to is_of_unfinished_probe().
        MutexLock lock(device.model_.state_->mutex);
        state.is_bound = false;
        state.driver = nullptr;
    }
    MutexLock lock(state.mutex);
    state.driver_name.clear();
}

void Core::leave_driver(Device& device) {
    MutexLock lock(device.info_.bus->state_->mutex);
    device.state_->in_driver.unlink();
}

void Core::release_driver(const DeviceLocked& locked) {
    Device& device = locked.device();
    if (!device.is_bound()) return;
    Driver& driver = device.state_->driver.load()->driver;
    mark_gone(device);
    drain(device, "unbind");
    notify("UNBIND_DRIVER", device);
    stop(locked, driver);
    clear_driver(device);
    log::line(log::Category::Device, "{}: unbound from {}", device.name(), driver.name());
    device.attributes_changed();
    notify("UNBOUND_DRIVER", device);
    send_uevent(device, "unbind", {});
    leave_driver(device);
}

void Core::probe_failed(Device& device, const Driver& driver, Errno error, uint64_t binds) {
    if (error == Errno::ProbeDefer) {
        DeferredProbes& deferred = device.model_.state_->deferred;
        deferred.add(device, binds);
        deferred.start_timeout(device.model_.settings_.deferred_probe_timeout);
    }
    // Linux: call_driver_probe
    const bool is_quiet =
        error == Errno::NoDev || error == Errno::NxIo || error == Errno::ProbeDefer;
    log::line(is_quiet ? log::Category::Device : log::Category::Error,
              "{}: probe with driver {} failed with error {}", device.name(), driver.name(),
              errno_name(error));
}

void Core::run_locked(Device& device, LockedWork work) {
    if (!DeviceLock::is_any_mine() && !Gate::is_inside_any()) {
        const DeviceLocked locked(device);
        return work(locked);
    }
    if (!is_inside_tree(device)) {
        std::optional<DeviceLocked> locked;
        DeviceLocked::try_lock(device, locked);
        if (locked) return work(*locked);
    }
    device.model_.run_later([keep = Ref<Device>::share(device), work = std::move(work)] {
        const DeviceLocked locked(*keep);
        work(locked);
    });
}

void Core::probe_now(Device& device) {
    if (device.is_bound()) return;
    if (device.state_->driver && is_inside(device)) return;
    run_locked(device, [](const DeviceLocked& locked) {
        if (!locked.device().state_->driver) attach(locked);
    });
}

void Core::attach(const DeviceLocked& locked) {
    Device& device = locked.device();
    if (!device.info_.bus) return;
    Bus& bus = *device.info_.bus;
    bool is_done = false;
    uint64_t number = 0;
    while (!is_done) {
        BusDriver* entry = bus.state_->use_next(number);
        if (!entry) return;
        number = entry->number;
        is_done = try_driver(locked, *entry);
        bus.state_->unuse(*entry);
    }
}

bool Core::try_driver(const DeviceLocked& locked, BusDriver& entry) {
    Device& device = locked.device();
    if (!device.info_.bus->match(device, entry.driver)) return false;
    if (!may_probe(locked).ok()) return true;
    const auto probed = probe(locked, entry);
    return probed.ok();
}

void Core::attach_driver(Bus& bus, BusDriver& entry) {
    for (const Ref<Device>& device : bus.state_->devices_now()) {
        if (device->is_bound() || !bus.match(*device, entry.driver)) continue;
        run_locked(*device, [&bus, number = entry.number](const DeviceLocked& locked) {
            BusDriver* still = bus.state_->use(number);
            if (!still) return;
            try_driver(locked, *still);
            bus.state_->unuse(*still);
        });
    }
}

void Core::detach_driver(Bus& bus, BusDriver& entry) {
    for (;;) {
        MaybeRef<Device> newest;
        {
            MutexLock lock(bus.state_->mutex);
            if (DeviceLink* link = entry.bound.back()) newest = Ref<Device>::share(link->device);
        }
        if (!newest) return;
        assert(!is_inside_tree(**newest));
        DeviceLocked locked(**newest);
        if ((*newest)->state_->driver == &entry) release_driver(locked);
    }
}

Result<void> Core::bind(Device& device, BusDriver& entry) {
    if (!device.info_.bus->match(device, entry.driver)) return Errno::NoDev;
    if (is_inside_tree(device)) return Errno::Busy;
    DeviceLocked locked(device);
    TRY(may_probe(locked));
    const auto probed = probe(locked, entry);
    if (probed.ok() || probed.error() != Errno::ProbeDefer) return probed;
    return Errno::Again;
}

Result<void> Core::unbind(Device& device, const BusDriver& entry) {
    Device::State& state = *device.state_;
    if (is_inside_tree(device)) {
        const uint64_t binding = state.bindings;  // first: it is of this driver, or has ended
        if (state.driver != &entry) return Errno::NoDev;
        // It cannot end before the caller leaves, but that of a device above it can.
        if (is_inside(device)) mark_gone(device);
        device.model_.run_later([keep = Ref<Device>::share(device), binding] {
            DeviceLocked locked(*keep);
            if (keep->state_->bindings == binding) release_driver(locked);
        });
        return {};
    }
    DeviceLocked locked(device);
    if (state.driver != &entry) return Errno::NoDev;
    release_driver(locked);
    return {};
}

}  // namespace plugboard::device
