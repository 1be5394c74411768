// MODE_OBJ_SETPROPERTY and MODE_SETPROPERTY: one property, in a blocking commit of its own.
// Linux: drm_mode_obj_set_property_ioctl() in drivers/gpu/drm/drm_mode_object.c
#include <utility>

#include "drm/atomic/commit.h"
#include "drm/atomic/lookup.h"
#include "drm/atomic/set_property.h"
#include "drm/handlers.h"

namespace plugboard::drm {
namespace {

using atomic::State;
using atomic::Target;
using log::Category;

/// The CRTC is active while one of its connectors is on.
Result<void> fill_active(State& state, Crtc& crtc) {
    bool is_any_on = false;
    for (const Ref<Connector>& connector : state.device().mode_config().connectors) {
        if (connector->state.crtc != &crtc) continue;
        state.connector(*connector);
        is_any_on = is_any_on || connector->dpms == DRM_MODE_DPMS_ON;
    }
    state.crtc(crtc).active = is_any_on;
    return {};
}

/// Linux: drm_atomic_connector_commit_dpms
Result<void> set_dpms(Request& request, Device& device, File& file, Connector& connector,
                      uint64_t value) {
    const uint32_t wanted =
        static_cast<uint32_t>(value) == DRM_MODE_DPMS_ON ? DRM_MODE_DPMS_ON : DRM_MODE_DPMS_OFF;
    uint32_t before = 0;
    Crtc* crtc = nullptr;
    {
        MutexLock lock(device.mode_config().lock());
        before = connector.dpms;
        if (before == wanted) return {};
        connector.dpms = wanted;
        crtc = connector.state.crtc;
    }
    if (!crtc) return {};
    const auto done =
        atomic::commit_recipe(request, device, {.allow_modeset = true, .file_id = file.id()},
                              [crtc](State& state) { return fill_active(state, *crtc); });
    if (done.ok()) return {};
    MutexLock lock(device.mode_config().lock());
    connector.dpms = before;
    return done;
}

Result<void> set_property(Request& request, Device& device, File& file, uint32_t object_id,
                          ObjectType type, uint32_t property_id, uint64_t value) {
    const std::optional<Target> target = atomic::find_target(file, object_id, type);
    if (!target)
        return request.refuse(Category::Kms, Errno::NoEnt,
                              "object {} of type 0x{:x}: no such object", object_id,
                              static_cast<uint32_t>(type));
    if (!target->object())
        return request.refuse(Category::Kms, Errno::Inval, "object {}: its type has no properties",
                              object_id);
    const AttachedProperty* attached = target->object()->find_property(ObjectId{property_id});
    if (!attached)
        return request.refuse(Category::Kms, Errno::Inval, "{}: property {} is not attached to it",
                              target->name(), property_id);
    if (attached->property == device.mode_config().properties.dpms)
        return set_dpms(request, device, file, **target->connector, value);
    const atomic::Setting setting =
        TRY(atomic::parse_setting(request, file, *target, *attached->property, value));
    return atomic::commit_recipe(request, device, {.allow_modeset = true, .file_id = file.id()},
                                 [&setting](State& state) -> Result<void> {
                                     atomic::apply(state, setting);
                                     return {};
                                 });
}

}  // namespace

PLUGBOARD_HANDLER(ioctl_obj_set_property, drm_mode_obj_set_property) {
    return set_property(request, device, file, argument.obj_id, ObjectType{argument.obj_type},
                        argument.prop_id, argument.value);
}

PLUGBOARD_HANDLER(ioctl_set_property, drm_mode_connector_set_property) {
    return set_property(request, device, file, argument.connector_id, ObjectType::Connector,
                        argument.prop_id, argument.value);
}

}  // namespace plugboard::drm
