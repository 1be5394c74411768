#include "drm/objects/lookup.h"

#include "drm/lease.h"

namespace plugboard::drm {
namespace {

template <class T>
T* find(Device& device, ObjectId id, ObjectType type) {
    return device.mode_config().ids.with(
        id, type, [](ModeObject* object) { return static_cast<T*>(object); });
}

}  // namespace

Crtc* find_crtc(const File& file, ObjectId id) {
    return may_use(file, id) ? find_crtc(file.device(), id) : nullptr;
}

Plane* find_plane(const File& file, ObjectId id) {
    return may_use(file, id) ? find_plane(file.device(), id) : nullptr;
}

MaybeRef<Connector> find_connector(const File& file, ObjectId id) {
    return may_use(file, id) ? find_connector(file.device(), id) : std::nullopt;
}

Crtc* find_crtc(Device& device, ObjectId id) {
    return find<Crtc>(device, id, ObjectType::Crtc);
}

Plane* find_plane(Device& device, ObjectId id) {
    return find<Plane>(device, id, ObjectType::Plane);
}

Encoder* find_encoder(Device& device, ObjectId id) {
    return find<Encoder>(device, id, ObjectType::Encoder);
}

const Property* find_property(Device& device, ObjectId id) {
    return find<Property>(device, id, ObjectType::Property);
}

std::optional<ObjectType> find_type(Device& device, ObjectId id) {
    return device.mode_config().ids.with(id, ObjectType::Any,
                                         [](ModeObject* object) -> std::optional<ObjectType> {
                                             if (!object) return std::nullopt;
                                             return object->type();
                                         });
}

}  // namespace plugboard::drm
