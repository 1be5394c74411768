#include "drm/atomic/set_property.h"

#include <bit>
#include <cstring>
#include <utility>

#include "device/model.h"
#include "drm/lease.h"
#include "drm/objects/connector_properties.h"
#include "drm/sync/sync_file.h"
#include "uapi/drm_extra.h"

namespace plugboard::drm::atomic {
namespace {

const StandardProperties& standard(Device& device) {
    return device.mode_config().properties;
}

/// Properties whose value needs no other check than that it is one.
bool is_one_of(const PlaneProperties& own, const Property* property) {
    return property == own.color_encoding || property == own.color_range || property == own.zpos ||
           property == own.alpha || property == own.blend_mode || property == own.scaling_filter ||
           property == own.hotspot_x || property == own.hotspot_y;
}

/// One property being parsed.
class Parser {
  public:
    Parser(Request& request, File& file, Setting& setting)
        : request_(request), file_(file), device_(file.device()), setting_(setting) {}

    Result<void> check_value();
    Result<void> check_rule();

  private:
    template <class... Args>
    Errno refuse(Errno error, fmt::format_string<Args...> format, Args&&... args) {
        return request_.refuse(log::Category::Atomic, error, "{}: {} = {}: {}",
                               setting_.target.name(), setting_.property->name(),
                               static_cast<int64_t>(setting_.value),
                               fmt::format(format, std::forward<Args>(args)...));
    }
    Result<void> find_object(ObjectType type);
    Result<void> parse_mode();
    Result<void> check_table(size_t most);
    Result<void> check_ctm();
    Result<void> check_damage();
    Result<void> check_rotation();
    Result<void> check_hdr();
    Result<void> check_crtc();
    Result<void> check_colorop();
    Result<void> expect_color_pipeline_cap(bool wanted);
    Result<void> take_fence();
    Result<void> clear_slot();

    Request& request_;
    const File& file_;
    Device& device_;
    Setting& setting_;
};

/// Linux: drm_property_change_valid_get
Result<void> Parser::check_value() {
    const PropertyInfo& info = setting_.property->info();
    if (info.immutable) return refuse(Errno::Inval, "the property is immutable");
    if (!setting_.property->accepts(setting_.value))
        return refuse(Errno::Inval, "not a value of the property");
    if (setting_.value == 0) return {};
    const ObjectId id{static_cast<uint32_t>(setting_.value)};
    if (info.kind == PropertyKind::Blob) {
        setting_.blob = find_blob(device_, id);
        if (!setting_.blob) return refuse(Errno::Inval, "no such blob");
    }
    if (info.kind == PropertyKind::Object) return find_object(info.object_type);
    return {};
}

Result<void> Parser::find_object(ObjectType type) {
    const auto id = static_cast<uint32_t>(setting_.value);
    if (type == ObjectType::Framebuffer) {
        setting_.fb = find_framebuffer(device_, ObjectId{id});
        if (!setting_.fb) return refuse(Errno::Inval, "no such framebuffer");
        return {};
    }
    const std::optional<Target> found = find_target(device_, id, type);
    if (!found)
        return refuse(Errno::Inval, "no such {}", type == ObjectType::Crtc ? "CRTC" : "object");
    setting_.crtc = found->crtc;
    return {};
}

Result<void> Parser::parse_mode() {
    if (!setting_.blob) return {};
    const std::span<const std::byte> bytes = (*setting_.blob)->bytes();
    drm_mode_modeinfo info;
    if (bytes.size() != sizeof info)
        return refuse(Errno::Inval, "the blob has {} bytes, a mode has {}", bytes.size(),
                      sizeof info);
    std::memcpy(&info, bytes.data(), sizeof info);
    const auto mode = Mode::from_user(info);
    if (!mode.ok()) return refuse(Errno::Inval, "the blob is not a valid mode");
    setting_.mode = *mode;
    return {};
}

/// A table of the CRTC's, of `most` entries.
Result<void> Parser::check_table(size_t most) {
    if (!setting_.blob) return {};
    const size_t bytes = (*setting_.blob)->bytes().size();
    if (bytes % sizeof(drm_color_lut) != 0)
        return refuse(Errno::Inval, "the blob's {} bytes are no whole number of entries", bytes);
    if (bytes / sizeof(drm_color_lut) > most)
        return refuse(Errno::Inval, "{} entries, but {}_SIZE is {}", bytes / sizeof(drm_color_lut),
                      setting_.property->name(), most);
    return {};
}

Result<void> Parser::check_ctm() {
    if (!setting_.blob) return {};
    const size_t bytes = (*setting_.blob)->bytes().size();
    if (bytes == sizeof(drm_color_ctm)) return {};
    return refuse(Errno::Inval, "the blob has {} bytes, a matrix has {}", bytes,
                  sizeof(drm_color_ctm));
}

Result<void> Parser::check_damage() {
    if (!setting_.blob) return {};
    const size_t bytes = (*setting_.blob)->bytes().size();
    if (bytes % sizeof(drm_mode_rect) == 0) return {};
    return refuse(Errno::Inval, "the blob's {} bytes are no whole number of rectangles", bytes);
}

Result<void> Parser::check_rotation() {
    const Rotation rotation{static_cast<uint32_t>(setting_.value)};
    if (std::has_single_bit(rotation.angle())) return {};
    return refuse(Errno::Inval, "one angle is needed, no more");
}

Result<void> Parser::check_hdr() {
    if (!setting_.blob) return {};
    const size_t bytes = (*setting_.blob)->bytes().size();
    if (bytes == sizeof(hdr_output_metadata)) return {};
    return refuse(Errno::Inval, "the blob has {} bytes, the metadata has {}", bytes,
                  sizeof(hdr_output_metadata));
}

/// A client sets the colors of planes by their pipelines, or by COLOR_ENCODING and COLOR_RANGE.
/// Linux: include/uapi/drm/drm.h, DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE
Result<void> Parser::expect_color_pipeline_cap(bool wanted) {
    if (file_.caps().plane_color_pipeline == wanted) return {};
    return refuse(Errno::Inval, "the client has {}set DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE",
                  wanted ? "not " : "");
}

Result<void> Parser::check_colorop() {
    TRY(expect_color_pipeline_cap(true));
    if (!setting_.blob) return {};
    const size_t bytes = (*setting_.blob)->bytes().size();
    if (bytes == sizeof(drm_color_ctm_3x4)) return {};
    return refuse(Errno::Inval, "the blob has {} bytes, a matrix has {}", bytes,
                  sizeof(drm_color_ctm_3x4));
}

Result<void> Parser::check_crtc() {
    if (!setting_.crtc || may_use(file_, setting_.crtc->id())) return {};
    return refuse(Errno::Access, "the lessee has not leased it");
}

Result<void> Parser::take_fence() {
    if (static_cast<int64_t>(setting_.value) == -1) {
        setting_.is_void = true;
        return {};
    }
    const auto fd = request_.memory().take_fd(static_cast<int>(setting_.value));
    if (!fd.ok()) return refuse(Errno::Inval, "the descriptor is not open");
    auto fence = device_.parent().model().service<SpecialFiles>().import_fence(*fd);
    if (!fence.ok()) return refuse(Errno::Inval, "the descriptor is not a sync_file");
    setting_.fence = *std::move(fence);
    return {};
}

Result<void> Parser::clear_slot() {
    setting_.is_void = setting_.value == 0;
    if (setting_.is_void) return {};
    if (request_.memory().write_value_now(uapi::UserAddress{setting_.value}, int32_t{-1}).ok())
        return {};
    return request_.refuse(log::Category::Atomic, Errno::Fault, "{}: {} = 0x{:x} cannot be written",
                           setting_.target.name(), setting_.property->name(), setting_.value);
}

/// Linux: drm_atomic_plane_set_property, drm_atomic_crtc_set_property,
/// drm_atomic_connector_set_property
Result<void> Parser::check_rule() {
    const StandardProperties& p = standard(device_);
    const Property* property = setting_.property;
    const Plane* plane = setting_.target.plane;
    const PlaneProperties own = plane ? plane->own_properties() : PlaneProperties{};
    if (setting_.target.colorop) return check_colorop();
    if (property == p.mode_id) return parse_mode();
    if (property == p.gamma_lut) return check_table(setting_.target.crtc->info().gamma_size);
    if (property == p.degamma_lut) return check_table(setting_.target.crtc->info().degamma_size);
    if (property == p.ctm) return check_ctm();
    if (property == p.fb_damage_clips) return check_damage();
    if (property == p.in_fence_fd) return take_fence();
    if (property == p.out_fence_ptr || property == p.writeback_out_fence_ptr) return clear_slot();
    if (property == p.dpms)
        return refuse(Errno::Inval, "not through ATOMIC: use ACTIVE of the CRTC");
    if (property == p.crtc_id) return check_crtc();
    if (property == own.rotation) return check_rotation();
    if (property == own.color_pipeline) return expect_color_pipeline_cap(true);
    if (property == own.color_encoding || property == own.color_range)
        return expect_color_pipeline_cap(false);
    if (property == p.hdr_output_metadata) return check_hdr();
    const bool is_known = property == p.fb_id || property == p.crtc_x || property == p.crtc_y ||
                          property == p.crtc_w || property == p.crtc_h || property == p.src_x ||
                          property == p.src_y || property == p.src_w || property == p.src_h ||
                          property == p.active || property == p.vrr_enabled ||
                          property == p.background_color || property == p.link_status ||
                          is_max_bpc(p, *property) || property == p.hdmi_colorspace ||
                          property == p.dp_colorspace || property == p.content_type ||
                          property == p.writeback_fb_id || (plane && is_one_of(own, property));
    if (is_known) return {};
    return refuse(Errno::Inval, "neither the core nor the driver knows how to set it");
}

void apply_to_plane(State& state, const StandardProperties& p, const Setting& setting) {
    const Property* property = setting.property;
    const auto value = static_cast<uint32_t>(setting.value);
    PlaneState& plane = state.plane(*setting.target.plane);
    if (property == p.fb_id) plane.fb = setting.fb;
    if (property == p.in_fence_fd) plane.in_fence = setting.fence;
    if (property == p.crtc_id) state.set_crtc(*setting.target.plane, setting.crtc);
    if (property == p.crtc_x) plane.destination.x = static_cast<int32_t>(value);
    if (property == p.crtc_y) plane.destination.y = static_cast<int32_t>(value);
    if (property == p.crtc_w) plane.destination.width = value;
    if (property == p.crtc_h) plane.destination.height = value;
    if (property == p.src_x) plane.source.x = value;
    if (property == p.src_y) plane.source.y = value;
    if (property == p.src_w) plane.source.width = value;
    if (property == p.src_h) plane.source.height = value;
    const PlaneProperties& own = setting.target.plane->own_properties();
    if (property == own.rotation) plane.rotation.bits = value;
    if (property == own.color_encoding) plane.color_encoding = ColorEncoding{value};
    if (property == own.color_range) plane.color_range = ColorRange{value};
    if (property == own.zpos) plane.zpos = value;
    if (property == own.alpha) plane.alpha = static_cast<uint16_t>(value);
    if (property == own.blend_mode) plane.blend_mode = BlendMode{value};
    if (property == own.scaling_filter) plane.scaling_filter = ScalingFilter{value};
    if (property == own.hotspot_x) plane.hotspot_x = static_cast<int32_t>(value);
    if (property == own.hotspot_y) plane.hotspot_y = static_cast<int32_t>(value);
    if (property == p.fb_damage_clips) plane.damage_clips = setting.blob;
    if (property == own.color_pipeline)
        plane.color_pipeline = value == 0 ? nullptr : &*setting.target.plane->colorops().front();
}

void apply_to_colorop(State& state, const Setting& setting) {
    const ColoropProperties& own = setting.target.colorop->own_properties();
    const Property* property = setting.property;
    ColoropState& next = state.colorop(*setting.target.colorop);
    if (property == own.bypass) next.bypass = setting.value != 0;
    if (property == own.curve) next.curve = static_cast<Curve1d>(setting.value);
    if (property == own.fixed_matrix)
        next.fixed_matrix = FixedMatrixType::from_value(setting.value);
    if (property == own.data) next.data = setting.blob;
}

void apply_to_crtc(State& state, const StandardProperties& p, const Setting& setting) {
    const Property* property = setting.property;
    CrtcState& crtc = state.crtc(*setting.target.crtc);
    if (property == p.active) crtc.active = setting.value != 0;
    if (property == p.vrr_enabled) crtc.vrr_enabled = setting.value != 0;
    if (property == p.degamma_lut) crtc.degamma_lut = setting.blob;
    if (property == p.ctm) crtc.ctm = setting.blob;
    if (property == p.gamma_lut) crtc.gamma_lut = setting.blob;
    if (property == p.background_color) crtc.background_color = setting.value;
    if (property == p.mode_id && crtc.mode_blob != setting.blob) {
        crtc.mode = setting.mode;
        crtc.mode_blob = setting.blob;
    }
    if (property == p.out_fence_ptr)
        state.find(*setting.target.crtc)->out_fence_slot = uapi::UserAddress{setting.value};
}

void apply_to_connector(State& state, const StandardProperties& p, const Setting& setting) {
    const Property* property = setting.property;
    Connector& connector = **setting.target.connector;
    ConnectorState& next = state.connector(connector);
    if (property == p.crtc_id) state.set_crtc(connector, setting.crtc);
    // Clients may only say that a bad link is good again.
    if (property == p.link_status && next.link_status != 0)
        next.link_status = static_cast<uint32_t>(setting.value);
    const auto value = static_cast<uint32_t>(setting.value);
    if (property == p.hdr_output_metadata) next.hdr_output_metadata = setting.blob;
    if (is_max_bpc(p, *property)) next.max_bpc = value;
    if (property == p.hdmi_colorspace || property == p.dp_colorspace) next.colorspace = value;
    if (property == p.content_type) next.content_type = value;
    if (property == p.writeback_fb_id) {
        if (!next.writeback) next.writeback.emplace();
        next.writeback->fb = setting.fb;
    }
    if (property == p.writeback_out_fence_ptr)
        state.find(connector)->out_fence_slot = uapi::UserAddress{setting.value};
}

}  // namespace

Result<Setting> parse_setting(Request& request, File& file, const Target& target,
                              const Property& property, uint64_t value) {
    Setting setting{.target = target, .property = &property, .value = value};
    Parser parser(request, file, setting);
    TRY(parser.check_value());
    TRY(parser.check_rule());
    return setting;
}

void apply(State& state, const Setting& setting) {
    const StandardProperties& p = standard(state.device());
    if (setting.target.plane) {
        apply_to_plane(state, p, setting);
    } else if (setting.target.crtc) {
        apply_to_crtc(state, p, setting);
    } else if (setting.target.colorop) {
        apply_to_colorop(state, setting);
    } else {
        apply_to_connector(state, p, setting);
    }
}

}  // namespace plugboard::drm::atomic
