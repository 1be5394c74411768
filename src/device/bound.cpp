#include "device/bound.h"

#include <cstdlib>

#include "base/log.h"
#include "device/device.h"
#include "device/model.h"
#include "device/model_state.h"

namespace plugboard::device {

Bound::Bound(Device& device) : device_(device) {}

Bound::~Bound() {
    alive_ = 0;
}

Result<void> Bound::before_manage(const char* type_name) {
    if (!device_.model_.state_->is_step_to_fail()) return {};
    log::line(log::Category::Devres, "{}: manage<{}>() fails as asked", device_.name(), type_name);
    return Errno::NoMem;
}

Result<DevresHandle> Bound::add(std::unique_ptr<DevresEntry> entry) {
    return device_.devres_.append(std::move(entry));
}

Errno Bound::defer(std::string reason) const {
    device_.model_.state_->deferred.set_reason(device_, std::move(reason));
    return Errno::ProbeDefer;
}

Entered::Entered(Device& device, std::optional<Gate::Pass> pass, const Doing& doing)
    : pass_(std::move(pass)), bound_(device) {
    if (pass_ && doing.what) entry_.emplace(device.insiders_, doing, device.model().clock().now());
}

void Entered::die() const {
    log::error("{}: bound() of an Entered that is empty", bound_.device().name());
    std::abort();
}

}  // namespace plugboard::device
