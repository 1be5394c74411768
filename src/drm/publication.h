// What publish() undoes at unbind: the nodes, the commits in flight, the open files.
// Linux: drivers/gpu/drm/drm_drv.c, drm_dev_register, drm_dev_unplug; drm_sysfs.c
#pragma once

#include <memory>

#include "base/result.h"
#include "drm/device.h"

namespace plugboard::drm {

/// The newest devres entry of a published device, so unbind begins with it. Does not hold the
/// drm::Device: the older entry "drm_dev_put" does.
class Publication {
  public:
    static Result<std::unique_ptr<Publication>> create(Device& device);
    ~Publication();
    Publication(const Publication&) = delete;
    Publication& operator=(const Publication&) = delete;

  private:
    explicit Publication(Device& device) : device_(device) {}
    Result<void> show_node(NodeType node);
    Result<void> show_connectors();
    /// Nobody opens them any more.
    void hide_nodes();
    /// They leave sysfs and /dev, with their uevents.
    void remove_nodes();

    Device& device_;
};

/// The devm action "drm_dev_put": the reference that a driver's probe made.
class DevicePut {
  public:
    explicit DevicePut(Ref<Device> device) : device_(std::move(device)) {}
    void visit_refs(RefVisitor& visitor) const {
        visitor.edge(device_, "devm action \"drm_dev_put\"");
    }

  private:
    Ref<Device> device_;
};

}  // namespace plugboard::drm
