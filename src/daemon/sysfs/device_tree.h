// Shows a model's devices in the tree: folders, attributes, links, nodes.
// Linux: drivers/base/core.c, drivers/base/devtmpfs.c
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/mutex.h"
#include "daemon/kernfs/tree.h"
#include "device/model.h"

namespace plugboard::daemon {

/// Watches the model from its making to its end; shows what is there already. Owned by the board.
class DeviceTree final : public device::Watcher {
  public:
    DeviceTree(device::Model& model, Tree& tree);
    ~DeviceTree();

    void device_added(device::Device& device) override;
    void device_removed(device::Device& device) override;
    void device_changed(device::Device& device) override;

  private:
    /// What the tree has of one device.
    struct Shown {
        const device::Device* device = nullptr;  // an identity
        uint64_t ticket = 0;                     // of the values that were written last
        std::set<std::string> files, links;
    };
    struct Snapshot;
    void show(device::Device& device);
    void write_files_locked(Shown& shown, const Snapshot& snapshot) REQUIRES(mutex_);
    void write_links_locked(Shown& shown, const Snapshot& snapshot) REQUIRES(mutex_);

    device::Model& model_;
    Tree& tree_;
    std::atomic<uint64_t> last_ticket_{0};
    Mutex<LockClass<DeviceTree>> mutex_;  // the tree's own lock is taken under it
    std::map<std::string, Shown> shown_ GUARDED_BY(mutex_);  // by path below /sys
};

}  // namespace plugboard::daemon
