// What the properties of an object read back: the current state, or the value kept with the object.
// Linux: drivers/gpu/drm/drm_atomic_uapi.c, drm_atomic_get_property
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "drm/file.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {

/// Id and value of each property that a client with these caps sees, in the object's order. Under
/// the modeset lock.
std::vector<std::pair<uint32_t, uint64_t>> visible_properties(const ModeObject& object,
                                                              const ClientCaps& caps);

}  // namespace plugboard::drm
