// What is plugged in at a card's connectors now: the wires, which a screen comes and goes by.
// Linux: a connector's hot-plug detect line and DDC
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "drivers/vkms/config.h"
#include "drm/device.h"
#include "drm/objects/connector.h"

namespace plugboard::vkms {

/// devm. Any thread.
class Ports {
  public:
    explicit Ports(std::vector<ScreenConfig> screens) : screens_(std::move(screens)) {}

    ScreenConfig at(size_t port) const {
        MutexLock lock(mutex_);
        return screens_[port];
    }
    /// False: it is there already.
    bool plug(size_t port, ScreenConfig screen) {
        MutexLock lock(mutex_);
        if (screens_[port] == screen) return false;
        screens_[port] = std::move(screen);
        return true;
    }

    /// Of a dock's port, whose connector is about to come or go. False: another thread is at it,
    /// and will look again.
    bool begin_change(size_t port) {
        MutexLock lock(mutex_);
        Change& change = changes_[port];
        if (std::exchange(change.is_going_on, true)) change.is_stale = true;
        return !change.is_stale;
    }
    /// False: there is something newer, so look again.
    bool end_change(size_t port) {
        MutexLock lock(mutex_);
        Change& change = changes_[port];
        if (std::exchange(change.is_stale, false)) return false;
        change.is_going_on = false;
        return true;
    }

  private:
    struct Change {
        bool is_going_on = false, is_stale = false;
    };
    mutable Mutex<LockClass<Ports>> mutex_;
    std::vector<ScreenConfig> screens_ GUARDED_BY(mutex_);
    std::map<size_t, Change> changes_ GUARDED_BY(mutex_);  // by port of a dock
};

/// What is plugged in at the connector. NoDev: the device is gone; Inval: it is no connector for
/// screens of a vkms device.
Result<ScreenConfig> screen_at(drm::Device& device, const drm::Connector& connector);
/// What the clients are told when a screen comes or goes.
enum class HotplugEvent { NamesConnector, NamesNone };

/// Plugs another screen in, or none; the connector itself stays what it is, but a dock's goes with
/// its screen. The clients have been told when it returns. Errors as above; Inval too: an EDID for
/// a Virtual connector.
Result<void> plug_screen(drm::Device& device, Ref<drm::Connector> connector, ScreenConfig screen,
                         HotplugEvent event = HotplugEvent::NamesConnector);

/// A port of a dock where nothing is plugged in: there is no connector.
struct EmptyPort {
    size_t port = 0;
    std::string name;     // "DP-4": of the connector that will come, unless the last is still there
    ScreenConfig screen;  // what was there last
};
/// Those of the device; none: it has no docks, or is gone.
std::vector<EmptyPort> empty_ports(drm::Device& device);
/// Plugs a screen in there, and so makes the connector. NoDev: the device is gone; Inval: it is no
/// dock's.
Result<void> plug_screen(drm::Device& device, size_t port, ScreenConfig screen);

}  // namespace plugboard::vkms
