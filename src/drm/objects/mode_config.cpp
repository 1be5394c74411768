#include "drm/objects/mode_config.h"

#include <algorithm>
#include <climits>
#include <cstdint>
#include <utility>

#include "drm/atomic/commit_worker.h"
#include "drm/device.h"

namespace plugboard::drm {
namespace {

using Kind = PropertyKind;

/// Makes properties, each with the next id.
class Maker {
  public:
    explicit Maker(ModeConfig& config) : config_(config) {}

    const Property* make(PropertyInfo info) { return &config_.add_property(std::move(info)); }
    const Property* blob(const char* name) { return make({.name = name, .kind = Kind::Blob}); }
    const Property* immutable_blob(const char* name) {
        return make({.name = name, .kind = Kind::Blob, .immutable = true});
    }
    const Property* object(const char* name, ObjectType type) {
        return make({.name = name, .kind = Kind::Object, .atomic = true, .object_type = type});
    }
    const Property* range(const char* name, uint64_t most) {
        return make({.name = name, .atomic = true, .range = {0, most}});
    }
    const Property* signed_range(const char* name, int64_t least, int64_t most) {
        return make({.name = name,
                     .kind = Kind::SignedRange,
                     .atomic = true,
                     .range = {static_cast<uint64_t>(least), static_cast<uint64_t>(most)}});
    }
    const Property* immutable_range(const char* name, uint64_t most) {
        return make({.name = name, .immutable = true, .range = {0, most}});
    }

  private:
    ModeConfig& config_;
};

/// Linux: drm_connector_create_standard_properties
void make_connector_properties(Maker& maker, StandardProperties& to) {
    to.edid = maker.immutable_blob("EDID");
    to.dpms = maker.make({.name = "DPMS",
                          .kind = Kind::Enum,
                          .enums = {{"On", DRM_MODE_DPMS_ON},
                                    {"Standby", DRM_MODE_DPMS_STANDBY},
                                    {"Suspend", DRM_MODE_DPMS_SUSPEND},
                                    {"Off", DRM_MODE_DPMS_OFF}}});
    to.path = maker.immutable_blob("PATH");
    to.tile = maker.immutable_blob("TILE");
    to.link_status = maker.make(
        {.name = "link-status",
         .kind = Kind::Enum,
         .enums = {{"Good", DRM_MODE_LINK_STATUS_GOOD}, {"Bad", DRM_MODE_LINK_STATUS_BAD}}});
    to.non_desktop = maker.immutable_range("non-desktop", 1);
    to.hdr_output_metadata = maker.blob("HDR_OUTPUT_METADATA");
}

/// Linux: drm_mode_create_standard_properties
void make_plane_and_crtc_properties(Maker& maker, StandardProperties& to) {
    to.type = maker.make({.name = "type",
                          .kind = Kind::Enum,
                          .immutable = true,
                          .enums = {{"Overlay", 0}, {"Primary", 1}, {"Cursor", 2}}});
    to.src_x = maker.range("SRC_X", UINT32_MAX);
    to.src_y = maker.range("SRC_Y", UINT32_MAX);
    to.src_w = maker.range("SRC_W", UINT32_MAX);
    to.src_h = maker.range("SRC_H", UINT32_MAX);
    to.crtc_x = maker.signed_range("CRTC_X", INT32_MIN, INT32_MAX);
    to.crtc_y = maker.signed_range("CRTC_Y", INT32_MIN, INT32_MAX);
    to.crtc_w = maker.range("CRTC_W", INT32_MAX);
    to.crtc_h = maker.range("CRTC_H", INT32_MAX);
    to.fb_id = maker.object("FB_ID", ObjectType::Framebuffer);
    to.in_fence_fd = maker.signed_range("IN_FENCE_FD", -1, INT32_MAX);
    to.out_fence_ptr = maker.range("OUT_FENCE_PTR", UINT64_MAX);
    to.crtc_id = maker.object("CRTC_ID", ObjectType::Crtc);
    to.fb_damage_clips =
        maker.make({.name = "FB_DAMAGE_CLIPS", .kind = Kind::Blob, .atomic = true});
    to.active = maker.range("ACTIVE", 1);
    to.mode_id = maker.make({.name = "MODE_ID", .kind = Kind::Blob, .atomic = true});
    to.vrr_enabled = maker.make({.name = "VRR_ENABLED", .range = {0, 1}});
    to.degamma_lut = maker.blob("DEGAMMA_LUT");
    to.degamma_lut_size = maker.immutable_range("DEGAMMA_LUT_SIZE", UINT32_MAX);
    to.ctm = maker.blob("CTM");
    to.gamma_lut = maker.blob("GAMMA_LUT");
    to.gamma_lut_size = maker.immutable_range("GAMMA_LUT_SIZE", UINT32_MAX);
    to.in_formats = maker.immutable_blob("IN_FORMATS");
}

}  // namespace

ModeConfig::ModeConfig(Device& device) : worker_(std::make_unique<atomic::CommitWorker>(device)) {
    Maker maker(*this);
    make_connector_properties(maker, properties);
    make_plane_and_crtc_properties(maker, properties);
}

ModeConfig::~ModeConfig() = default;

const Property& ModeConfig::add_property(PropertyInfo info) {
    own_properties_.push_back(std::make_unique<Property>(std::move(info)));
    ids.add(*own_properties_.back());
    return *own_properties_.back();
}

void ModeConfig::add_writeback_properties() {
    if (properties.writeback_fb_id) return;
    Maker maker(*this);
    properties.writeback_fb_id = maker.object("WRITEBACK_FB_ID", ObjectType::Framebuffer);
    properties.writeback_pixel_formats = maker.make(
        {.name = "WRITEBACK_PIXEL_FORMATS", .kind = Kind::Blob, .immutable = true, .atomic = true});
    properties.writeback_out_fence_ptr = maker.range("WRITEBACK_OUT_FENCE_PTR", UINT64_MAX);
}

void ModeConfig::add_background_color() {
    if (properties.background_color) return;
    properties.background_color =
        &add_property({.name = "BACKGROUND_COLOR", .range = {0, UINT64_MAX}});
}

void ModeConfig::add_size_hints() {
    if (properties.size_hints) return;
    properties.size_hints = Maker(*this).immutable_blob("SIZE_HINTS");
}

MaybeRef<Connector> ModeConfig::unlist_if_unused(Connector& connector) {
    if (!connector.is_hidden || !connector.is_listed || connector.state.crtc) return std::nullopt;
    const auto at = std::ranges::find_if(
        connectors, [&](const Ref<Connector>& listed) { return &*listed == &connector; });
    if (at == connectors.end()) return std::nullopt;
    connector.is_listed = false;
    Ref<Connector> unlisted = *at;
    connectors.erase(at);  // never the last reference
    return unlisted;
}

void ModeConfig::drop_connectors() {
    std::vector<Ref<Connector>> dropped;  // declared first, so dropped after the lock
    MutexLock lock(lock_);
    dropped.swap(connectors);
}

void ModeConfig::visit_refs(RefVisitor& visitor) const {
    MutexLock lock(lock_);
    for (const Ref<Connector>& connector : connectors) {
        visitor.edge(connector, "mode_config.connector_list");
        // Here, where the lock that guards it is sure to live.
        if (connector->edid) visitor.edge(*connector->edid, connector->name() + " EDID");
        if (connector->tile) visitor.edge(*connector->tile, connector->name() + " TILE");
        if (const auto& hdr = connector->state.hdr_output_metadata)
            visitor.edge(*hdr, connector->name() + " HDR_OUTPUT_METADATA");
    }
}

}  // namespace plugboard::drm
