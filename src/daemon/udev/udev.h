// What udev does for the devices of a board: its database in /run/udev, and the events it sends on.
// systemd: src/udev/udevd.c
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "base/mutex.h"
#include "daemon/kernfs/tree.h"
#include "daemon/udev/udev_record.h"
#include "daemon/udev/uevent_sockets.h"
#include "device/model.h"

namespace plugboard::daemon {

/// Watches the model after the trees, which then have what an event tells of. Handles events in
/// order; those that come during a probe() after its end, so that a device that is announced can be
/// used. Owned by the board.
class Udev final : public device::Watcher {
  public:
    Udev(device::Model& model, Tree& tree, UeventSockets& sockets);
    ~Udev();

    void uevent(const device::Device& device, const device::Uevent& event) override;
    void notify(const char* event, device::Device& device) override;

  private:
    struct Queued {
        device::Uevent event;
        UdevRecord record;
    };
    /// Handles what is queued, unless another thread does or a probe() is under way.
    void handle_queue();
    void handle(Queued next);
    void put(const UdevRecord& record);
    void remove(const UdevRecord& record);

    device::Model& model_;
    Tree& tree_;
    UeventSockets& sockets_;
    Mutex<LockClass<Udev>> mutex_;
    std::deque<Queued> queue_ GUARDED_BY(mutex_);
    std::set<std::string> probing_ GUARDED_BY(mutex_);  // paths of devices
    bool is_handling_ GUARDED_BY(mutex_) = false;
    std::map<std::string, UdevRecord> known_;  // by path; of the thread that is handling
};

}  // namespace plugboard::daemon
