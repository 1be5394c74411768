// What the DRM core shows beside its devices: class/drm/version and debugfs.
// Linux: drivers/gpu/drm/drm_sysfs.c, drm_debugfs.c
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/mutex.h"
#include "daemon/tree.h"
#include "device/model.h"
#include "drm/device.h"

namespace plugboard::daemon {

/// Watches the model for DRM nodes: each gets a folder /sys/kernel/debug/dri/<minor> with the
/// files of its drm::Device. Owned by the board.
class DrmTree final : public device::Watcher {
  public:
    DrmTree(device::Model& model, Tree& tree);
    ~DrmTree();

    void device_added(device::Device& device) override;
    void device_removed(device::Device& device) override;
    void device_changed(device::Device& device) override;

  private:
    void put_sync_files();
    void connector_removed(const device::Device& card, const std::string& name);
    struct Node {
        std::string parent;           // path of the device the card sits on
        std::set<std::string> files;  // shown below its folder
    };
    /// Shows the files that are new. Nothing while the node is not open to clients yet.
    void refresh(uint32_t minor);

    device::Model& model_;
    Tree& tree_;
    Mutex<LockClass<DrmTree>> mutex_;
    std::map<uint32_t, Node> nodes_ GUARDED_BY(mutex_);  // by minor
};

}  // namespace plugboard::daemon
