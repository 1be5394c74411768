// GETRESOURCES, GETPLANERESOURCES: which objects there are.
// Linux: drivers/gpu/drm/drm_mode_config.c, drm_mode_getresources; drm_plane.c
#include <utility>
#include <vector>

#include "drm/file_state.h"
#include "drm/handlers.h"
#include "drm/lease.h"
#include "drm/objects/copy_out.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {
namespace {

template <class Objects>
std::vector<uint32_t> ids_of(const Objects& objects) {
    std::vector<uint32_t> ids;
    ids.reserve(objects.size());
    for (const auto& object : objects) ids.push_back(raw(object->id()));
    return ids;
}

/// Those that a lessee has leased; all of them for any other file.
std::vector<uint32_t> usable(std::vector<uint32_t> ids, const File& file) {
    std::erase_if(ids, [&](uint32_t id) { return !may_use(file, ObjectId{id}); });
    return ids;
}

/// Linux: drm_mode_getplane_res
bool is_told_of(const ClientCaps& caps, const Plane& plane) {
    const PlaneType type = plane.plane_type();
    if (!caps.universal_planes) return type == PlaneType::Overlay;
    // A cursor that no hot spot is set for points nowhere.
    const bool needs_hotspot = type == PlaneType::Cursor && plane.own_properties().hotspot_x;
    return !needs_hotspot || !caps.atomic || caps.cursor_hotspot;
}

std::vector<uint32_t> framebuffers_of(File& file) {
    MutexLock lock(file.state().mutex);
    return ids_of(file.state().framebuffers);
}

std::vector<uint32_t> connectors_for(ModeConfig& config, const File& file) {
    const bool writeback = file.caps().writeback_connectors;
    std::vector<uint32_t> ids;
    {
        MutexLock lock(config.lock());
        for (const Ref<Connector>& connector : config.connectors) {
            if (connector->is_writeback() && !writeback) continue;
            ids.push_back(raw(connector->id()));
        }
    }
    return usable(std::move(ids), file);
}

uint32_t size_of(const std::vector<uint32_t>& ids) {
    return static_cast<uint32_t>(ids.size());
}

}  // namespace

Result<void> ioctl_get_resources(Request& request, Device& device, File& file,
                                 drm_mode_card_res& argument) {
    ModeConfig& config = device.mode_config();
    const auto fbs = framebuffers_of(file);
    TRY(copy_first(request, argument.fb_id_ptr, argument.count_fbs, fbs));
    argument.count_fbs = size_of(fbs);
    argument.min_width = config.limits.min_width;
    argument.max_width = config.limits.max_width;
    argument.min_height = config.limits.min_height;
    argument.max_height = config.limits.max_height;

    const auto crtcs = usable(ids_of(config.crtcs), file);
    TRY(copy_first(request, argument.crtc_id_ptr, argument.count_crtcs, crtcs));
    argument.count_crtcs = size_of(crtcs);
    const auto encoders = ids_of(config.encoders);
    TRY(copy_first(request, argument.encoder_id_ptr, argument.count_encoders, encoders));
    argument.count_encoders = size_of(encoders);
    const auto connectors = connectors_for(config, file);
    TRY(copy_first(request, argument.connector_id_ptr, argument.count_connectors, connectors));
    argument.count_connectors = size_of(connectors);
    return {};
}

Result<void> ioctl_get_plane_resources(Request& request, Device& device, File& file,
                                       drm_mode_get_plane_res& argument) {
    const ClientCaps caps = file.caps();
    std::vector<uint32_t> planes;
    for (const Plane* plane : device.mode_config().planes) {
        if (is_told_of(caps, *plane)) planes.push_back(raw(plane->id()));
    }
    planes = usable(std::move(planes), file);
    TRY(copy_first(request, argument.plane_id_ptr, argument.count_planes, planes));
    argument.count_planes = size_of(planes);
    return {};
}

}  // namespace plugboard::drm
