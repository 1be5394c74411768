// What is plugged in at a card's connectors now: the wires, which a screen comes and goes by.
// Linux: a connector's hot-plug detect line and DDC
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <thread>
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
    /// What was there before.
    ScreenConfig exchange(size_t port, ScreenConfig screen) {
        MutexLock lock(mutex_);
        return std::exchange(screens_[port], std::move(screen));
    }

  private:
    mutable Mutex<LockClass<Ports>> mutex_;
    std::vector<ScreenConfig> screens_ GUARDED_BY(mutex_);
};

/// Whose turn it is to change what is plugged in at a port. In the Card, and so drmm: who waits has
/// no Bound. Any thread.
class PortTurns {
  public:
    /// A turn, for a scope.
    class Turn {
      public:
        Turn(Turn&& other) noexcept
            : turns_(std::exchange(other.turns_, nullptr)), port_(other.port_) {}
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        Turn& operator=(Turn&&) = delete;
        ~Turn() {
            if (turns_) turns_->end(port_);
        }

      private:
        friend class PortTurns;
        Turn(PortTurns& turns, size_t port) : turns_(&turns), port_(port) {}
        PortTurns* turns_;  // null: moved from
        size_t port_;
    };

    /// Waits for the turns of other threads. Busy: it is this thread's, which hears of its change.
    Result<Turn> take(size_t port);

  private:
    void end(size_t port);

    Mutex<LockClass<PortTurns>> mutex_;
    CondVar ended_;
    std::map<size_t, std::thread::id> takers_ GUARDED_BY(mutex_);  // by port
};

/// What is plugged in at the connector. NoDev: the device is gone; Inval: it is no connector for
/// screens of a vkms device.
Result<ScreenConfig> screen_at(drm::Device& device, const drm::Connector& connector);
/// What the clients are told when a screen comes or goes.
enum class HotplugEvent { NamesConnector, NamesNone };

/// Plugs another screen in, or none; the connector itself stays what it is, but a dock's goes with
/// its screen. The clients have been told when it returns, and what fails has changed nothing.
/// Waits for another thread's change of the port: outside the gate, with no lock held. Errors as
/// above; Inval too: an EDID for a Virtual connector; NoSpc: a dock's would be one too many; Busy:
/// who hears of a change makes another one of the same port.
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
/// The same by the port, where there may be no connector yet. Inval too: it is no dock's.
Result<void> plug_screen(drm::Device& device, size_t port, ScreenConfig screen);

}  // namespace plugboard::vkms
