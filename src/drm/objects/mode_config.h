// The KMS side of a device: its objects, its standard properties, its limits, its one modeset lock.
// Linux: drivers/gpu/drm/drm_mode_config.c
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "drm/objects/blob.h"
#include "drm/objects/colorop.h"
#include "drm/objects/connector.h"
#include "drm/objects/crtc.h"
#include "drm/objects/encoder.h"
#include "drm/objects/framebuffer.h"
#include "drm/objects/mode_object.h"
#include "drm/objects/plane.h"
#include "drm/objects/property.h"

namespace plugboard::drm {

class Device;
class KmsHooks;
namespace atomic {
class CommitWorker;
}

/// What a client may ask for. Plain data.
struct KmsLimits {
    uint32_t min_width = 1, max_width = 8192;  // pixels, of framebuffers
    uint32_t min_height = 1, max_height = 8192;
    uint32_t cursor_width = 64, cursor_height = 64;
    uint32_t preferred_depth = 0;
    bool modifiers = true;
};

/// The properties every KMS device has, made in the order of Linux.
struct StandardProperties {
    const Property *type, *fb_id, *in_fence_fd, *crtc_id, *crtc_x, *crtc_y, *crtc_w, *crtc_h,
        *src_x, *src_y, *src_w, *src_h, *in_formats;
    const Property *active, *mode_id, *out_fence_ptr, *vrr_enabled, *gamma_lut, *gamma_lut_size;
    const Property *dpms, *link_status, *non_desktop, *tile;
    // Made with the others, attached by those that have use for them.
    const Property *edid, *path, *hdr_output_metadata, *fb_damage_clips, *degamma_lut,
        *degamma_lut_size, *ctm;
    // Made for the first CRTC or plane that has it.
    const Property *background_color, *size_hints;
    // Made for the first connector that has it.
    const Property *subconnector, *content_type, *hdmi_colorspace, *dp_colorspace, *vrr_capable,
        *panel_orientation;
    std::vector<const Property*> max_bpc;  // one for each range
    // Made for the first writeback connector.
    const Property *writeback_fb_id, *writeback_pixel_formats, *writeback_out_fence_ptr;
};

/// One per drm::Device. The vectors are filled in probe() and constant from publish() on, but for
/// connectors, which the modeset lock guards.
class ModeConfig {
  public:
    explicit ModeConfig(Device& device);
    ~ModeConfig();

    /// Guards the current state of color operations, planes, CRTCs and connectors. No wait happens
    /// under it.
    using Lock = Mutex<LockClass<ModeConfig>>;
    Lock& lock() RETURN_CAPABILITY(lock_) { return lock_; }

    ObjectIds ids;
    KmsLimits limits;
    StandardProperties properties{};
    KmsHooks* hooks = nullptr;  // the driver's; drmm, so it lives as long as the device

    std::vector<Plane*> planes;
    std::vector<Colorop*> colorops;
    std::vector<Crtc*> crtcs;
    std::vector<Encoder*> encoders;
    std::vector<Ref<Connector>> connectors;  // the listed ones
    uint32_t last_serial = 0;                // of connectors; under the lock

    /// A property of the driver's own, drmm.
    const Property& add_property(PropertyInfo info);
    /// The three of writeback connectors, at the first call.
    void add_writeback_properties();
    /// That of CRTCs, at the first call.
    void add_background_color();
    /// That of planes, at the first call.
    void add_size_hints();
    /// Those that a connector has use for and that are not there yet; before publish(), also for
    /// connectors that come later.
    void add_connector_properties(const ConnectorOptions& options);
    /// A hidden connector that no CRTC is on leaves the list: its reference there, to be dropped,
    /// and its id freed, with no lock held. Under the lock.
    MaybeRef<Connector> unlist_if_unused(Connector& connector);
    /// Lets the list's references go; the connectors may live on for a moment in other hands.
    void drop_connectors();
    /// The tail of every commit runs here.
    atomic::CommitWorker& worker() { return *worker_; }

    void visit_refs(RefVisitor& visitor) const;

  private:
    mutable Lock lock_;
    std::vector<std::unique_ptr<Property>> own_properties_;
    std::unique_ptr<atomic::CommitWorker> worker_;
};

}  // namespace plugboard::drm
