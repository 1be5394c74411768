#include "device/deferred_probes.h"

#include <utility>

#include "base/log.h"
#include "device/core.h"
#include "device/device.h"
#include "device/model_state.h"

namespace plugboard::device {

void DeferredProbes::add(Device& device, uint64_t binds) {
    MutexLock lock(mutex_);
    DeviceLink& link = device.state_->in_deferred;
    if (!link.is_linked()) pending_.push_back(link);
    if (binds_ != binds) activate_locked();
}

void DeferredProbes::remove(Device& device) {
    MutexLock lock(mutex_);
    DeviceLink& link = device.state_->in_deferred;
    if (link.is_linked()) link.unlink();
    reasons_.erase(&device);
}

void DeferredProbes::set_reason(const Device& device, std::string reason) {
    MutexLock lock(mutex_);
    reasons_[&device] = std::move(reason);
}

void DeferredProbes::device_bound() {
    MutexLock lock(mutex_);
    ++binds_;
    activate_locked();
}

void DeferredProbes::activate_locked() {
    if (pending_.empty()) return;
    while (DeviceLink* link = pending_.front()) {
        link->unlink();
        active_.push_back(*link);
    }
    queue_retry_locked();
}

void DeferredProbes::queue_retry_locked() {
    if (active_.empty() || std::exchange(is_retry_queued_, true)) return;
    worker_.run([this] { retry_next(); });
}

MaybeRef<Device> DeferredProbes::take_active() {
    MutexLock lock(mutex_);
    DeviceLink* link = active_.front();
    if (!link) return std::nullopt;
    link->unlink();
    reasons_.erase(&link->device);
    return Ref<Device>::share(link->device);
}

void DeferredProbes::retry_next() {
    if (const MaybeRef<Device> device = take_active()) Core::probe_now(**device);
    MutexLock lock(mutex_);
    is_retry_queued_ = false;
    queue_retry_locked();
}

void DeferredProbes::start_timeout(Nanos timeout) {
    const Time when = clock_.now() + timeout;
    {
        MutexLock lock(mutex_);
        if (name_at_) return;
        name_at_ = when;
    }
    worker_.run_at(when, [this] { name_pending(); });
}

void DeferredProbes::extend_timeout(Nanos timeout) {
    MutexLock lock(mutex_);
    if (name_at_) name_at_ = clock_.now() + timeout;  // name_pending() looks again then
}

void DeferredProbes::name_pending() {
    std::optional<Time> again;
    {
        MutexLock lock(mutex_);
        if (name_at_ > clock_.now()) {
            again = name_at_;
        } else {
            name_at_.reset();
        }
    }
    if (again) return worker_.run_at(*again, [this] { name_pending(); });
    for (const DeferredProbe& one : list()) {
        log::error("{}: deferred probe pending: {}", one.device,
                   one.reason.empty() ? "(reason unknown)" : one.reason);
    }
}

std::vector<DeferredProbe> DeferredProbes::list() const {
    std::vector<DeferredProbe> all;
    MutexLock lock(mutex_);
    for (const auto* from : {&active_, &pending_}) {
        auto& list = const_cast<List<DeviceLink>&>(*from);
        for (DeviceLink* link = list.front(); link; link = list.next(*link)) {
            const auto reason = reasons_.find(&link->device);
            all.push_back({.device = link->device.name(),
                           .reason = reason == reasons_.end() ? "" : reason->second});
        }
    }
    return all;
}

std::vector<DeferredProbe> Model::deferred_probes() const {
    return state_->deferred.list();
}

Attribute Model::deferred_probes_file() const {
    return {.name = "devices_deferred", .show = [this]() -> Result<std::string> {
                std::string text;
                for (const DeferredProbe& one : deferred_probes())
                    text += one.device + "\t" + one.reason + "\n";
                return text;
            }};
}

}  // namespace plugboard::device
