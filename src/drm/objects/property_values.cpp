#include "drm/objects/property_values.h"

#include <optional>

#include "drm/device.h"
#include "drm/objects/connector_properties.h"

namespace plugboard::drm {
namespace {

template <class Object>
uint64_t id_of(const Object* object) {
    return object ? raw(object->id()) : 0;
}

uint64_t sign_extended(int32_t value) {
    return static_cast<uint64_t>(int64_t{value});
}

/// Nothing: the state does not hold the property.
std::optional<uint64_t> state_value(const Plane& plane, const Property& property) {
    const StandardProperties& standard = plane.device().mode_config().properties;
    const PlaneState& state = plane.state;
    const Property* p = &property;
    if (p == standard.fb_id) return id_of(borrow(state.fb));
    if (p == standard.in_fence_fd) return UINT64_MAX;
    if (p == standard.crtc_id) return id_of(state.crtc);
    if (p == standard.crtc_x) return sign_extended(state.destination.x);
    if (p == standard.crtc_y) return sign_extended(state.destination.y);
    if (p == standard.crtc_w) return state.destination.width;
    if (p == standard.crtc_h) return state.destination.height;
    if (p == standard.src_x) return state.source.x;
    if (p == standard.src_y) return state.source.y;
    if (p == standard.src_w) return state.source.width;
    if (p == standard.src_h) return state.source.height;
    const PlaneProperties& own = plane.own_properties();
    if (p == own.rotation) return state.rotation.bits;
    if (p == own.color_encoding) return static_cast<uint64_t>(state.color_encoding);
    if (p == own.color_range) return static_cast<uint64_t>(state.color_range);
    if (p == own.zpos) return state.zpos;
    if (p == own.alpha) return state.alpha;
    if (p == own.blend_mode) return static_cast<uint64_t>(state.blend_mode);
    if (p == own.scaling_filter) return static_cast<uint64_t>(state.scaling_filter);
    if (p == own.hotspot_x) return sign_extended(state.hotspot_x);
    if (p == own.hotspot_y) return sign_extended(state.hotspot_y);
    if (p == standard.fb_damage_clips) return id_of(borrow(state.damage_clips));
    if (p == own.color_pipeline) return id_of(state.color_pipeline);
    return std::nullopt;
}

std::optional<uint64_t> state_value(const Colorop& colorop, const Property& property) {
    const ColoropProperties& own = colorop.own_properties();
    const ColoropState& state = colorop.state;
    const Property* p = &property;
    if (p == own.bypass) return state.bypass ? 1 : 0;
    if (p == own.next) return id_of(colorop.next());
    if (p == own.curve) return static_cast<uint64_t>(state.curve);
    if (p == own.fixed_matrix) return state.fixed_matrix.value();
    if (p == own.data) return id_of(borrow(state.data));
    return std::nullopt;
}

std::optional<uint64_t> state_value(const Crtc& crtc, const Property& property) {
    const StandardProperties& standard = crtc.device().mode_config().properties;
    const CrtcState& state = crtc.state;
    const Property* p = &property;
    if (p == standard.active) return state.active ? 1 : 0;
    if (p == standard.mode_id) return id_of(borrow(state.mode_blob));
    if (p == standard.out_fence_ptr) return 0;
    if (p == standard.vrr_enabled) return state.vrr_enabled ? 1 : 0;
    if (p == standard.degamma_lut) return id_of(borrow(state.degamma_lut));
    if (p == standard.ctm) return id_of(borrow(state.ctm));
    if (p == standard.gamma_lut) return id_of(borrow(state.gamma_lut));
    if (p == standard.background_color) return state.background_color;
    return std::nullopt;
}

std::optional<uint64_t> state_value(const Connector& connector, const Property& property) {
    const StandardProperties& standard = connector.device().mode_config().properties;
    const Property* p = &property;
    if (p == standard.crtc_id) return id_of(connector.state.crtc);
    if (p == standard.dpms) return connector.dpms;
    if (p == standard.link_status) return connector.state.link_status;
    if (p == standard.edid) return id_of(borrow(connector.edid));
    if (p == standard.non_desktop) return connector.display.non_desktop ? 1 : 0;
    if (p == standard.tile) return id_of(borrow(connector.tile));
    if (p == standard.hdr_output_metadata)
        return id_of(borrow(connector.state.hdr_output_metadata));
    if (is_max_bpc(standard, property)) return connector.state.max_bpc;
    if (p == standard.hdmi_colorspace || p == standard.dp_colorspace)
        return connector.state.colorspace;
    if (p == standard.content_type) return connector.state.content_type;
    if (p == standard.vrr_capable) return connector.display.is_vrr_capable() ? 1 : 0;
    if (p == standard.subconnector) return subconnector_of(connector.status);
    if (p == standard.writeback_fb_id || p == standard.writeback_out_fence_ptr) return 0;
    return std::nullopt;
}

std::optional<uint64_t> state_value(const ModeObject& object, const Property& property) {
    switch (object.type()) {
        case ObjectType::Plane: return state_value(static_cast<const Plane&>(object), property);
        case ObjectType::Colorop: return state_value(static_cast<const Colorop&>(object), property);
        case ObjectType::Crtc: return state_value(static_cast<const Crtc&>(object), property);
        case ObjectType::Connector:
            return state_value(static_cast<const Connector&>(object), property);
        default: return std::nullopt;
    }
}

/// A plane's colors are set by one way or by the other.
bool is_hidden(const ModeObject& object, const Property& property, const ClientCaps& caps) {
    if (property.info().atomic && !caps.atomic) return true;
    if (object.type() != ObjectType::Plane) return false;
    const PlaneProperties& own = static_cast<const Plane&>(object).own_properties();
    if (!caps.plane_color_pipeline) return &property == own.color_pipeline;
    return &property == own.color_encoding || &property == own.color_range;
}

}  // namespace

std::vector<std::pair<uint32_t, uint64_t>> visible_properties(const ModeObject& object,
                                                              const ClientCaps& caps) {
    std::vector<std::pair<uint32_t, uint64_t>> visible;
    for (const AttachedProperty& attached : object.properties()) {
        const Property& property = *attached.property;
        if (is_hidden(object, property, caps)) continue;
        visible.emplace_back(raw(property.id()),
                             state_value(object, property).value_or(attached.value));
    }
    return visible;
}

}  // namespace plugboard::drm
