// GETPROPERTY, OBJ_GETPROPERTIES: what properties there are and what they say.
// Linux: drivers/gpu/drm/drm_property.c, drm_mode_object.c
#include <cstring>
#include <vector>

#include "drm/handlers.h"
#include "drm/lease.h"
#include "drm/objects/copy_out.h"
#include "drm/objects/lookup.h"
#include "drm/objects/property_values.h"

namespace plugboard::drm {
namespace {

/// The object's visible properties, or nothing if it is not there (any more) or has none.
struct ObjectProperties {
    bool exists = false;
    bool has_any = false;
    std::vector<std::pair<uint32_t, uint64_t>> visible;
};

ObjectProperties properties_of(const File& file, ObjectId id, ObjectType type) {
    Device& device = file.device();
    ModeConfig& config = device.mode_config();
    ObjectProperties found;
    // Planes, their color operations and CRTCs live as long as the device; a connector is held
    // meanwhile.
    const MaybeRef<Connector> connector = find_connector(device, id);
    const ModeObject* object = nullptr;
    config.ids.with(id, type, [&](ModeObject* candidate) {
        found.exists = candidate != nullptr;
        if (!candidate) return;
        const ObjectType of = candidate->type();
        if (of == ObjectType::Plane || of == ObjectType::Crtc || of == ObjectType::Colorop)
            object = candidate;
        if (of == ObjectType::Connector && connector) object = &**connector;
    });
    if (object && is_leasable(object->type()) && !may_use(file, id)) return {};
    if (!object || object->properties().empty()) return found;
    found.has_any = true;
    const ClientCaps caps = file.caps();
    MutexLock lock(config.lock());
    found.visible = visible_properties(*object, caps);
    return found;
}

std::vector<drm_mode_property_enum> enums_of(const Property& property) {
    std::vector<drm_mode_property_enum> enums;
    for (const auto& [name, value] : property.info().enums) {
        drm_mode_property_enum entry{};
        entry.value = value;
        std::strncpy(entry.name, name.c_str(), sizeof(entry.name) - 1);
        enums.push_back(entry);
    }
    return enums;
}

}  // namespace

Result<void> ioctl_get_property(Request& request, Device& device, File&,
                                drm_mode_get_property& argument) {
    const Property* property = find_property(device, ObjectId{argument.prop_id});
    if (!property) {
        return request.refuse(kms, Errno::NoEnt, "there is no property {}", argument.prop_id);
    }
    std::memset(argument.name, 0, sizeof(argument.name));
    std::strncpy(argument.name, property->name().c_str(), sizeof(argument.name) - 1);
    argument.flags = property->flags();
    const std::vector<uint64_t> values = property->values();
    TRY(copy_first(request, argument.values_ptr, argument.count_values, values));
    argument.count_values = static_cast<uint32_t>(values.size());

    const PropertyKind kind = property->info().kind;
    if (kind == PropertyKind::Enum || kind == PropertyKind::Bitmask) {
        const auto enums = enums_of(*property);
        TRY(copy_first(request, argument.enum_blob_ptr, argument.count_enum_blobs, enums));
        argument.count_enum_blobs = static_cast<uint32_t>(enums.size());
    } else if (kind == PropertyKind::Blob) {
        argument.count_enum_blobs = 0;
    }
    return {};
}

Result<void> ioctl_obj_get_properties(Request& request, Device&, File& file,
                                      drm_mode_obj_get_properties& argument) {
    const ObjectProperties found =
        properties_of(file, ObjectId{argument.obj_id}, ObjectType{argument.obj_type});
    if (!found.exists) {
        return request.refuse(kms, Errno::NoEnt, "there is no object {} of type 0x{:x}",
                              argument.obj_id, argument.obj_type);
    }
    if (!found.has_any)
        return request.refuse(kms, Errno::Inval, "object {} has no properties", argument.obj_id);
    std::vector<uint32_t> ids;
    std::vector<uint64_t> values;
    for (const auto& [id, value] : found.visible) {
        ids.push_back(id);
        values.push_back(value);
    }
    TRY(copy_first(request, argument.props_ptr, argument.count_props, ids));
    TRY(copy_first(request, argument.prop_values_ptr, argument.count_props, values));
    argument.count_props = static_cast<uint32_t>(ids.size());
    return {};
}

}  // namespace plugboard::drm
