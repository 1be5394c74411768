#include "device/model.h"

#include <cassert>
#include <utility>

#include "base/log.h"
#include "device/bus_state.h"
#include "device/faux.h"
#include "device/model_state.h"
#include "device/platform.h"

namespace plugboard::device {

Model::Model(Clock& clock, Settings settings)
    : clock_(clock), settings_(settings), state_(std::make_unique<State>()) {
    state_->platform_bus = &add_bus(std::make_unique<PlatformBus>(*this));
    state_->faux_bus = &add_bus(std::make_unique<FauxBus>(*this));
    state_->faux_driver = std::make_unique<FauxDriver>();
    state_->platform_root = add_root_device("platform").value();
    state_->faux_root = add_root_device("faux").value();
    state_->faux_bus->add_driver(*state_->faux_driver).value();
}

Model::~Model() {
    flush();
    (*state_->faux_root)->del();
    (*state_->platform_root)->del();
    state_->faux_root.reset();
    state_->platform_root.reset();
    state_->faux_bus->remove_driver(*state_->faux_driver).value();
    if (const size_t left = state_->live_devices.load(); left != 0) {
        log::error("the model ends with {} devices alive", left);
        for (const Ref<const Object>& object : live_objects())
            log::error("  alive: {}, {} references", object->label(), object->ref_count() - 1);
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
    assert(!find_bus(bus->name()));
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
