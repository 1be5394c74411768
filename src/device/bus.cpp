#include "device/bus.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "device/bus_state.h"
#include "device/core.h"
#include "device/device.h"
#include "device/model_state.h"

namespace plugboard::device {

Bus::Bus(Model& model, std::string name)
    : model_(model), name_(std::move(name)), state_(std::make_unique<State>()) {}

Bus::~Bus() = default;

bool Bus::match(const Device& device, const Driver& driver) const {
    return std::ranges::any_of(driver.info().matches, [&](const std::string& wanted) {
        const auto& compatible = device.info().compatible;
        return wanted == device.name() || std::ranges::find(compatible, wanted) != compatible.end();
    });
}

std::vector<AttributeGroup> Bus::device_groups(const Device&) const {
    return {};
}

void Bus::add_uevent_keys(const Device&, std::vector<std::pair<std::string, std::string>>&) const {}

Result<void> Bus::add_driver(Driver& driver) {
    BusDriver* entry = nullptr;
    {
        MutexLock lock(state_->mutex);
        if (state_->find_locked(driver.name())) return Errno::Busy;
        state_->drivers.push_back(std::make_unique<BusDriver>(driver, ++state_->last_number));
        entry = state_->drivers.back().get();
        entry->users++;
    }
    if (autoprobe()) Core::attach_driver(*this, *entry);
    state_->unuse(*entry);
    model_.state_->deferred.extend_timeout(model_.settings_.deferred_probe_timeout);
    return {};
}

Result<void> Bus::remove_driver(Driver& driver) {
    BusDriver* entry = nullptr;
    {
        MutexLock lock(state_->mutex);
        for (const auto& candidate : state_->drivers) {
            if (&candidate->driver == &driver && !candidate->is_leaving) entry = candidate.get();
        }
        if (!entry) return Errno::NoEnt;
        entry->is_leaving = true;
        while (entry->users > 0) state_->unused.wait(lock);
    }
    Core::detach_driver(*this, *entry);
    std::unique_ptr<BusDriver> last;
    MutexLock lock(state_->mutex);
    const auto found = std::ranges::find_if(
        state_->drivers, [&](const auto& candidate) { return candidate.get() == entry; });
    last = std::move(*found);
    state_->drivers.erase(found);
    return {};
}

bool Bus::has_driver(std::string_view name) const {
    MutexLock lock(state_->mutex);
    return state_->find_locked(name) != nullptr;
}

MaybeRef<Device> Bus::find_device(std::string_view name) const {
    MutexLock lock(state_->mutex);
    Device* found = state_->by_name.find(name);
    if (!found) return std::nullopt;
    return Ref<Device>::share(*found);
}

Result<void> Bus::bind(std::string_view device_name, std::string_view driver_name) {
    const MaybeRef<Device> device = find_device(device_name);
    if (!device) return Errno::NoDev;
    BusDriver* entry = state_->use(driver_name);
    if (!entry) return Errno::NoDev;
    const bool may_bind = !entry->driver.info().suppress_bind_attrs;
    const Result<void> bound = may_bind ? Core::bind(**device, *entry) : Errno::NoDev;
    state_->unuse(*entry);
    return bound;
}

Result<void> Bus::unbind(std::string_view device_name, std::string_view driver_name) {
    const MaybeRef<Device> device = find_device(device_name);
    if (!device) return Errno::NoDev;
    BusDriver* entry = state_->use(driver_name);
    if (!entry) return Errno::NoDev;
    const bool may_unbind = !entry->driver.info().suppress_bind_attrs;
    const Result<void> unbound = may_unbind ? Core::unbind(**device, *entry) : Errno::NoDev;
    state_->unuse(*entry);
    return unbound;
}

Result<void> Bus::probe(std::string_view device_name) {
    const MaybeRef<Device> device = find_device(device_name);
    if (!device) return Errno::NoDev;
    Core::probe_now(**device);
    return {};
}

void Bus::rescan() {
    for (const Ref<Device>& device : state_->devices_now()) Core::probe_now(*device);
}

bool Bus::autoprobe() const {
    return state_->autoprobe.load();
}

void Bus::set_autoprobe(bool on) {
    state_->autoprobe = on;
}

}  // namespace plugboard::device
