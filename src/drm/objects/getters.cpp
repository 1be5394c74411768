// GETCRTC, GETENCODER, GETCONNECTOR, GETPLANE, GETGAMMA: what one object does now.
// Linux: drivers/gpu/drm/drm_crtc.c, drm_encoder.c, drm_connector.c, drm_plane.c, drm_color_mgmt.c
#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "drm/handlers.h"
#include "drm/lease.h"
#include "drm/objects/connector_probe.h"
#include "drm/objects/copy_out.h"
#include "drm/objects/lookup.h"
#include "drm/objects/property_values.h"

namespace plugboard::drm {
namespace {

Errno no_crtc(Request& request, uint32_t id) {
    return request.refuse(kms, Errno::NoEnt, "there is no CRTC {}", id);
}

AspectBits aspect_bits(const File& file) {
    return file.caps().aspect_ratio ? AspectBits::Show : AspectBits::Hide;
}

/// Without the cap, modes that differ in aspect only are one.
std::vector<drm_mode_modeinfo> modes_for(const std::vector<Mode>& modes, AspectBits aspects,
                                         bool stereo) {
    std::vector<drm_mode_modeinfo> shown;
    std::vector<const Mode*> kept;
    for (const Mode& mode : modes) {
        if ((mode.timings().flags & DRM_MODE_FLAG_3D_MASK) != 0 && !stereo) continue;
        const auto is_same = [&](const Mode* other) { return other->timings() == mode.timings(); };
        if (aspects == AspectBits::Hide && std::ranges::any_of(kept, is_same)) continue;
        kept.push_back(&mode);
        shown.push_back(mode.to_user(aspects));
    }
    return shown;
}

/// What GETCONNECTOR says of a connector at one moment.
struct ConnectorSnapshot {
    ConnectorStatus status{};
    uint32_t width_mm = 0, height_mm = 0, subpixel = 0;
    std::vector<drm_mode_modeinfo> modes;
    uint32_t encoder_id = 0;
    std::vector<uint32_t> property_ids;
    std::vector<uint64_t> property_values;
};

const Crtc* crtc_of(Device& device, const Encoder& encoder) {
    MutexLock lock(device.mode_config().lock());
    for (const Ref<Connector>& connector : device.mode_config().connectors) {
        if (connector->state.encoder == &encoder && connector->state.crtc)
            return connector->state.crtc;
    }
    return nullptr;
}

/// The CRTC's id; 0: none, or one that the lessee has not leased.
uint32_t shown_to(const File& file, const Crtc* crtc) {
    return crtc && may_use(file, crtc->id()) ? raw(crtc->id()) : 0;
}

ConnectorSnapshot snapshot(Device& device, const Connector& connector, const File& file) {
    const ClientCaps caps = file.caps();
    ConnectorSnapshot now;
    MutexLock lock(device.mode_config().lock());
    now.status = connector.status;
    now.width_mm = connector.display.width_mm;
    now.subpixel = connector.display.subpixel;
    now.height_mm = connector.display.height_mm;
    now.modes = modes_for(connector.modes, aspect_bits(file), caps.stereo);
    if (connector.state.encoder) now.encoder_id = raw(connector.state.encoder->id());
    for (const auto& [id, value] : visible_properties(connector, caps)) {
        now.property_ids.push_back(id);
        now.property_values.push_back(value);
    }
    return now;
}

}  // namespace

Result<void> ioctl_get_crtc(Request& request, Device& device, File& file, drm_mode_crtc& argument) {
    const Crtc* crtc = find_crtc(file, ObjectId{argument.crtc_id});
    if (!crtc) return no_crtc(request, argument.crtc_id);
    const AspectBits aspects = aspect_bits(file);
    MutexLock lock(device.mode_config().lock());
    argument.gamma_size = crtc->info().gamma_size;
    argument.fb_id = 0;
    argument.x = argument.y = 0;
    if (const Plane* primary = crtc->info().primary) {
        if (primary->state.fb) argument.fb_id = raw((*primary->state.fb)->id());
        argument.x = primary->state.source.first_column();
        argument.y = primary->state.source.first_row();
    }
    argument.mode_valid = crtc->state.mode.has_value();
    if (crtc->state.mode) argument.mode = crtc->state.mode->to_user(aspects);
    return {};
}

Result<void> ioctl_get_encoder(Request& request, Device& device, File& file,
                               drm_mode_get_encoder& argument) {
    const Encoder* encoder = find_encoder(device, ObjectId{argument.encoder_id});
    if (!encoder) {
        return request.refuse(kms, Errno::NoEnt, "there is no encoder {}", argument.encoder_id);
    }
    argument.encoder_type = encoder->info().type;
    argument.possible_crtcs = filter_crtcs(file, encoder->info().possible_crtcs);
    argument.possible_clones = encoder->info().possible_clones;
    argument.crtc_id = shown_to(file, crtc_of(device, *encoder));
    return {};
}

Result<void> ioctl_get_connector(Request& request, Device& device, File& file,
                                 drm_mode_get_connector& argument) {
    const auto connector = find_connector(file, ObjectId{argument.connector_id});
    if (!connector) {
        return request.refuse(kms, Errno::NoEnt, "there is no connector {}", argument.connector_id);
    }
    const ConnectorInfo& info = (*connector)->info();
    std::vector<uint32_t> encoders;
    for (const Encoder* encoder : info.encoders) encoders.push_back(raw(encoder->id()));
    TRY(copy_if_all_fit(request, argument.encoders_ptr, argument.count_encoders, encoders));
    argument.count_encoders = static_cast<uint32_t>(encoders.size());
    argument.connector_type = info.type;
    argument.connector_type_id = (*connector)->type_id();

    if (argument.count_modes == 0 && is_current_master(file)) probe_connector(device, **connector);
    const ConnectorSnapshot now = snapshot(device, **connector, file);
    argument.mm_width = now.width_mm;
    argument.mm_height = now.height_mm;
    argument.subpixel = now.subpixel;
    argument.connection = static_cast<uint32_t>(now.status);
    TRY(copy_if_all_fit(request, argument.modes_ptr, argument.count_modes, now.modes));
    argument.count_modes = static_cast<uint32_t>(now.modes.size());
    argument.encoder_id = now.encoder_id;
    TRY(copy_first(request, argument.props_ptr, argument.count_props, now.property_ids));
    TRY(copy_first(request, argument.prop_values_ptr, argument.count_props, now.property_values));
    argument.count_props = static_cast<uint32_t>(now.property_ids.size());
    return {};
}

Result<void> ioctl_get_plane(Request& request, Device& device, File& file,
                             drm_mode_get_plane& argument) {
    const Plane* plane = find_plane(file, ObjectId{argument.plane_id});
    if (!plane) {
        return request.refuse(kms, Errno::NoEnt, "there is no plane {}", argument.plane_id);
    }
    const Crtc* crtc = nullptr;
    {
        MutexLock lock(device.mode_config().lock());
        crtc = plane->state.crtc;
        argument.fb_id = plane->state.fb ? raw((*plane->state.fb)->id()) : 0;
    }
    argument.crtc_id = shown_to(file, crtc);
    argument.possible_crtcs = filter_crtcs(file, plane->info().possible_crtcs);
    argument.gamma_size = 0;
    const std::vector<uint32_t>& formats = plane->info().formats;
    TRY(copy_if_all_fit(request, argument.format_type_ptr, argument.count_format_types, formats));
    argument.count_format_types = static_cast<uint32_t>(formats.size());
    return {};
}

Result<void> ioctl_get_gamma(Request& request, Device& device, File& file,
                             drm_mode_crtc_lut& argument) {
    const Crtc* crtc = find_crtc(file, ObjectId{argument.crtc_id});
    if (!crtc) return no_crtc(request, argument.crtc_id);
    const size_t size = crtc->info().gamma_size;
    if (argument.gamma_size != size) {
        return request.refuse(kms, Errno::Inval, "{}: gamma size {} is not {}", crtc->name(),
                              argument.gamma_size, size);
    }
    std::vector<uint16_t> tables;
    {
        MutexLock lock(device.mode_config().lock());
        tables = crtc->legacy_gamma;
    }
    const uint64_t to[] = {argument.red, argument.green, argument.blue};
    for (size_t colour = 0; colour < 3; colour++) {
        TRY(request.memory().write(uapi::UserAddress{to[colour]},
                                   std::as_bytes(std::span(tables).subspan(colour * size, size))));
    }
    return {};
}

}  // namespace plugboard::drm
