// What is plugged in at a card's connectors now: the wires, which a screen comes and goes by.
// Linux: a connector's hot-plug detect line and DDC
#pragma once

#include <cstddef>
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

  private:
    mutable Mutex<LockClass<Ports>> mutex_;
    std::vector<ScreenConfig> screens_ GUARDED_BY(mutex_);
};

/// What is plugged in at the connector. NoDev: the device is gone; Inval: it is no connector for
/// screens of a vkms device.
Result<ScreenConfig> screen_at(drm::Device& device, const drm::Connector& connector);
/// What the clients are told when a screen comes or goes.
enum class HotplugEvent { NamesConnector, NamesNone };

/// Plugs another screen in, or none; the connector itself stays what it is. The clients have been
/// told when it returns. Errors as above; Inval too: an EDID for a Virtual connector.
Result<void> plug_screen(drm::Device& device, Ref<drm::Connector> connector, ScreenConfig screen,
                         HotplugEvent event = HotplugEvent::NamesConnector);

}  // namespace plugboard::vkms
