// What the DRM core shows beside its devices: class/drm/version and debugfs.
// Linux: drivers/gpu/drm/drm_sysfs.c, drm_debugfs.c
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/mutex.h"
#include "daemon/kernfs/tree.h"
#include "device/model.h"
#include "drm/device.h"

namespace plugboard::daemon {

/// What the folders below /sys/kernel/debug/dri are called.
enum class DebugFolders {
    OfMinors,   // "0", "128": one for each node of a card. Linux 6.1
    OfDevices,  // "vkms": what the card sits on; its minors are links to it. Linux 7.2
};

/// Watches the model for DRM nodes: the files of their drm::Devices are in folders below
/// /sys/kernel/debug/dri. Owned by the board.
class DrmTree final : public device::Watcher {
  public:
    DrmTree(device::Model& model, Tree& tree, DebugFolders debug_folders);
    ~DrmTree();

    void device_added(device::Device& device) override;
    void device_removed(device::Device& device) override;
    void device_changed(device::Device& device) override;

  private:
    struct Folder {
        std::string parent;           // path of the device the card sits on
        std::set<uint32_t> minors{};  // of the nodes that it is for
        std::set<std::string> files{};
    };
    void put_sync_files();
    std::string folder_of(const device::Device& node) const;
    void connector_removed(const device::Device& card, const std::string& name);
    /// Shows the files that are new in the folders of the cards on a device. None of a card that is
    /// not open to clients yet.
    void refresh(const device::Device& parent);
    void refresh_folder(const std::string& name);

    device::Model& model_;
    Tree& tree_;
    const DebugFolders debug_folders_;
    Mutex<LockClass<DrmTree>> mutex_;
    std::map<std::string, Folder> folders_ GUARDED_BY(mutex_);  // by name
};

}  // namespace plugboard::daemon
