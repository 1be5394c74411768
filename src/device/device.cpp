#include "device/device.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "device/bus_state.h"
#include "device/class_state.h"
#include "device/core.h"
#include "device/device_state.h"
#include "device/model_state.h"

namespace plugboard::device {
namespace {

/// A name is a file's name and a line of a uevent.
Result<std::string> parse_name(std::string name) {
    if (name.empty() || name == "." || name == "..") return Errno::Inval;
    const bool has_control =
        std::ranges::any_of(name, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
    if (has_control) return Errno::Inval;
    std::ranges::replace(name, '/', '!');  // Linux: kobject_set_name_vargs
    return name;
}

/// Linux: get_device_parent
std::string path_of(const DeviceInfo& info) {
    std::string path;
    if (info.parent) {
        path = info.parent->sysfs_path();
        // A device of a class stands in a folder named after it, but not below another such device.
        if (info.device_class && !info.parent->info().device_class)
            path += "/" + info.device_class->name();
    } else {
        path = info.device_class ? "/devices/virtual/" + info.device_class->name() : "/devices";
    }
    return path + "/" + info.name;
}

}  // namespace

Result<Ref<Device>> Device::create(Model& model, DeviceInfo info) {
    info.name = TRY(parse_name(std::move(info.name)));
    assert(!info.bus || &info.bus->model() == &model);
    assert(!info.device_class || &info.device_class->model() == &model);
    assert(!info.parent || &info.parent->model_ == &model);
    return make_ref<Device>(model, std::move(info));
}

Device::Device(Model& model, DeviceInfo info)
    : model_(model),
      info_(std::move(info)),
      devres_(*this),
      state_(std::make_unique<State>(*this, path_of(info_),
                                     info_.parent ? info_.parent->state_->path.size() : 0)) {
    model_.state_->live_devices++;
    if (info_.bus) info_.bus->state_->live_devices++;
    if (info_.device_class) info_.device_class->state_->live_devices++;
}

Device::~Device() {
    assert(!is_added());
    if (info_.device_class) info_.device_class->state_->live_devices--;
    if (info_.bus) info_.bus->state_->live_devices--;
    model_.state_->live_devices--;
}

void Device::last_put() {
    if (state_->released) {
        delete this;
        return;
    }
    // Alive once more while devres is released, so that a callback may take a reference and drop
    // it.
    state_->released = true;
    get();
    if (model_.settings_.delay_release) {
        model_.run_later([this] {
            devres_.release_all(Devres::Further::Refused);
            put();
        });
        return;
    }
    devres_.release_all(Devres::Further::Refused);
    put();
}

Result<void> Device::add() {
    return Core::add(*this);
}

void Device::del() {
    Core::del(*this);
}

std::string Device::sysfs_path() const {
    return state_->path;
}

bool Device::is_added() const {
    return state_->is_added.load();
}

bool Device::is_bound() const {
    return state_->is_bound.load();
}

void Device::send_uevent(std::string action,
                         std::vector<std::pair<std::string, std::string>> keys) {
    Core::send_uevent(*this, std::move(action), std::move(keys));
}

void Device::attributes_changed() {
    if (!is_added()) return;
    model_.state_->watchers.each([&](Watcher& watcher) { watcher.device_changed(*this); });
}

void Device::visit_refs(RefVisitor& visitor) const {
    {
        MutexLock lock(state_->mutex);
        if (state_->parent) visitor.edge(*state_->parent, "parent");
    }
    devres_.visit_refs(visitor);
}

}  // namespace plugboard::device
