#include "device/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/lock_order.h"
#include "base/log.h"
#include "device/bus_state.h"
#include "device/class_state.h"
#include "device/explainer/explainer.h"
#include "device/faux.h"
#include "device/model_state.h"
#include "device/platform.h"

namespace plugboard::device {
namespace {

template <class T>
std::unique_ptr<T> take(std::vector<std::unique_ptr<T>>& all, const T& one) {
    const auto found =
        std::ranges::find_if(all, [&](const auto& owned) { return owned.get() == &one; });
    std::unique_ptr<T> taken = std::move(*found);
    all.erase(found);
    return taken;
}

/// The devices that are not freed yet, each with a space before it.
template <class Predicate>
std::string live_devices(Predicate is_meant) {
    std::string names;
    for (const Ref<const Object>& object : live_objects()) {
        const auto* device = dynamic_cast<const Device*>(&*object);
        if (!device || !is_meant(device->info())) continue;
        names += " " + device->name();
        if (!device->is_added())
            names += fmt::format(" (deleted, {} references)", device->ref_count() - 1);
    }
    return names;
}

[[noreturn]] void complain_of_flush() {
    std::fputs(
        "Model::flush() inside a device: what the worker has left may wait for the caller to leave "
        "it.\nRemedy: end the Entered first; do not flush in probe(), remove() or a watcher.\n",
        stderr);
    std::abort();
}

}  // namespace

Model::Model(Clock& clock, Settings settings)
    : clock_(clock), settings_(settings), state_(std::make_unique<State>(clock)) {
    state_->platform_bus = &add_bus(std::make_unique<PlatformBus>(*this));
    state_->faux_bus = &add_bus(std::make_unique<FauxBus>(*this));
    state_->faux_driver = std::make_unique<FauxDriver>();
    state_->platform_root = add_root_device("platform").value();
    state_->faux_root = add_root_device("faux").value();
    state_->faux_bus->add_driver(*state_->faux_driver).value();
}

Model::~Model() {
    flush();
    services_.end();
    flush();  // of what they have left to do
    (*state_->faux_root)->del();
    (*state_->platform_root)->del();
    state_->faux_root.reset();
    state_->platform_root.reset();
    state_->faux_bus->remove_driver(*state_->faux_driver).value();
    flush();  // of what Settings::delay_release has delayed
    if (const size_t left = state_->live_devices.load(); left != 0) {
        log::error("the model ends with {} devices alive", left);
        for (const Ref<const Object>& object : live_objects())
            log::error("  alive: {}, {} references", object->label(), object->ref_count() - 1);
        for (const std::string& loop : find_loops()) log::error("  loop: {}", loop);
        assert(left == 0);  // all devices are gone before their model
    }
}

Bus& Model::platform_bus() {
    return *state_->platform_bus;
}

Bus& Model::faux_bus() {
    return *state_->faux_bus;
}

Bus& Model::add_bus(std::string name) {
    return add_bus(std::make_unique<Bus>(*this, std::move(name)));
}

Bus& Model::add_bus(std::unique_ptr<Bus> bus) {
    assert(&bus->model() == this && !find_bus(bus->name()));
    MutexLock lock(state_->mutex);
    state_->buses.push_back(std::move(bus));
    return *state_->buses.back();
}

Bus* Model::find_bus(std::string_view name) {
    MutexLock lock(state_->mutex);
    for (const auto& bus : state_->buses) {
        if (bus->name() == name) return bus.get();
    }
    return nullptr;
}

Class& Model::add_class(std::string name) {
    return add_class(std::make_unique<Class>(*this, std::move(name)));
}

Class& Model::add_class(std::unique_ptr<Class> device_class) {
    assert(&device_class->model() == this && !find_class(device_class->name()));
    MutexLock lock(state_->mutex);
    state_->classes.push_back(std::move(device_class));
    return *state_->classes.back();
}

Class* Model::find_class(std::string_view name) {
    MutexLock lock(state_->mutex);
    for (const auto& device_class : state_->classes) {
        if (device_class->name() == name) return device_class.get();
    }
    return nullptr;
}

Result<void> Model::remove_bus(Bus& bus) {
    std::unique_ptr<Bus> last;  // destroyed with no lock held
    std::string users;
    {
        MutexLock lock(state_->mutex);
        MutexLock bus_lock(bus.state_->mutex);
        for (const auto& entry : bus.state_->drivers) users += " driver " + entry->driver.name();
        if (users.empty() && bus.state_->live_devices == 0) last = take(state_->buses, bus);
    }
    if (last) return {};
    users += live_devices([&](const DeviceInfo& info) { return info.bus == &bus; });
    log::error("bus {} cannot go, it has users:{}", bus.name(), users);
    return Errno::Busy;
}

Result<void> Model::remove_class(Class& device_class) {
    std::unique_ptr<Class> last;  // destroyed with no lock held
    {
        MutexLock lock(state_->mutex);
        if (device_class.state_->live_devices == 0) last = take(state_->classes, device_class);
    }
    if (last) return {};
    log::error("class {} cannot go, it has users:{}", device_class.name(),
               live_devices([&](const auto& info) { return info.device_class == &device_class; }));
    return Errno::Busy;
}

void Model::add_watcher(Watcher& watcher) {
    state_->watchers.add(watcher);
}

void Model::remove_watcher(Watcher& watcher) {
    state_->watchers.remove(watcher);
}

std::vector<Ref<Device>> Model::devices() const {
    std::vector<Ref<Device>> devices;
    MutexLock lock(state_->mutex);
    auto& list = state_->devices;
    for (DeviceLink* link = list.front(); link; link = list.next(*link))
        devices.push_back(Ref<Device>::share(link->device));
    return devices;
}

void Model::run_later(std::function<void()> work) {
    state_->worker.run(std::move(work));
}

void Model::flush() {
    if constexpr (lock_order::checked) {
        if (DeviceLock::is_any_mine() || Gate::is_inside_any()) complain_of_flush();
    }
    state_->worker.flush();
}

Result<Thread> Model::start_thread(std::function<void()> run) {
    if (state_->is_step_to_fail()) return Errno::Again;
    return Thread::start(std::move(run));
}

void Model::fail_nth_step(unsigned n) {
    state_->steps_until_failure = n;
}

bool Model::State::is_step_to_fail() {
    unsigned left = steps_until_failure.load();
    while (left != 0 && !steps_until_failure.compare_exchange_weak(left, left - 1)) {
    }
    return left == 1;
}

}  // namespace plugboard::device
