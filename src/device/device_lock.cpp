#include "device/device_lock.h"

#include <cstdio>
#include <cstdlib>

#include "base/lock_order.h"
#include "device/core.h"
#include "device/device.h"

namespace plugboard::device {
namespace {

thread_local DeviceLocked* innermost = nullptr;

[[noreturn]] void complain(const std::string& taken, const std::string& held) {
    std::fprintf(stderr,
                 "device lock: %s is locked while %s is held.\nRemedy: lock parents before their "
                 "children, each once.\n",
                 taken.c_str(), held.c_str());
    std::abort();
}

bool is_ancestor(const std::string& path, const std::string& of) {
    return of.size() > path.size() && of.starts_with(path) && of[path.size()] == '/';
}

}  // namespace

bool DeviceLock::is_any_mine() {
    return innermost != nullptr;
}

bool DeviceLock::is_mine() const {
    for (const DeviceLocked* held = innermost; held; held = held->outer_) {
        if (&held->lock_ == this) return true;
    }
    return false;
}

void DeviceLock::lock() {
    if constexpr (lock_order::checked) {
        for (const DeviceLocked* held = innermost; held; held = held->outer_) {
            if (&held->lock_ == this || is_ancestor(path_, held->lock_.path_))
                complain(path_, held->lock_.path_);
        }
    }
    while (taken_.exchange(1) != 0) taken_.wait(1);
}

bool DeviceLock::try_lock() {
    return taken_.exchange(1) == 0;
}

void DeviceLock::unlock() {
    taken_.store(0);
    taken_.notify_one();
}

DeviceLocked::DeviceLocked(Device& device)
    : device_(device), lock_(Core::lock_of(device)), outer_(innermost) {
    lock_.lock();
    innermost = this;
}

DeviceLocked::DeviceLocked(Device& device, std::adopt_lock_t)
    : device_(device), lock_(Core::lock_of(device)), outer_(innermost) {
    innermost = this;
}

void DeviceLocked::try_lock(Device& device, std::optional<DeviceLocked>& locked) {
    if (Core::lock_of(device).try_lock()) locked.emplace(device, std::adopt_lock);
}

DeviceLocked::~DeviceLocked() {
    innermost = outer_;
    lock_.unlock();
}

}  // namespace plugboard::device
