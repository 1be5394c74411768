// From an id to a mode object that lives as long as its device.
// Linux: drivers/gpu/drm/drm_mode_object.c, drm_mode_object_find
#pragma once

#include <optional>

#include "drm/device.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {

// What a request names: a lessee finds what it has leased.
Crtc* find_crtc(const File& file, ObjectId id);
Plane* find_plane(const File& file, ObjectId id);
MaybeRef<Connector> find_connector(const File& file, ObjectId id);

/// Null: no object of this type has the id.
Crtc* find_crtc(Device& device, ObjectId id);
Plane* find_plane(Device& device, ObjectId id);
Encoder* find_encoder(Device& device, ObjectId id);
const Property* find_property(Device& device, ObjectId id);
/// Nothing: no object has the id.
std::optional<ObjectType> find_type(Device& device, ObjectId id);

}  // namespace plugboard::drm
