#include "device/bus.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "device/bus_state.h"
#include "device/core.h"
#include "device/device.h"
#include "device/model.h"

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

std::vector<Attribute> Bus::device_attributes(const Device&) const {
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
    Core::attach_driver(*this, *entry);
    state_->unuse(*entry);
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

Driver* Bus::find_driver(std::string_view name) const {
    MutexLock lock(state_->mutex);
    BusDriver* entry = state_->find_locked(name);
    return entry ? &entry->driver : nullptr;
}

MaybeRef<Device> Bus::find_device(std::string_view name) const {
    MutexLock lock(state_->mutex);
    Device* found = state_->by_name.find(name);
    if (!found) return std::nullopt;
    return Ref<Device>::share(*found);
}

Result<void> Bus::bind(std::string_view device_name, std::string_view driver_name) {
    const MaybeRef<Device> device = find_device(device_name);
    if (!device || (*device)->info().suppress_bind_attrs) return Errno::NoDev;
    BusDriver* entry = state_->use(driver_name);
    if (!entry) return Errno::NoDev;
    const Result<void> bound = Core::bind(**device, *entry);
    state_->unuse(*entry);
    return bound;
}

Result<void> Bus::unbind(std::string_view device_name, std::string_view driver_name) {
    const MaybeRef<Device> device = find_device(device_name);
    if (!device || (*device)->info().suppress_bind_attrs) return Errno::NoDev;
    BusDriver* entry = state_->use(driver_name);
    if (!entry) return Errno::NoDev;
    const Result<void> unbound = Core::unbind(**device, *entry);
    state_->unuse(*entry);
    return unbound;
}

}  // namespace plugboard::device
