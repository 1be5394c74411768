// The objects that a request names by id, and what is said when there is none.
// Linux: drivers/gpu/drm/drm_mode_object.c
#pragma once

#include <cstdint>
#include <optional>

#include "base/ref.h"
#include "base/result.h"
#include "drm/device.h"
#include "drm/objects/mode_config.h"
#include "drm/request.h"

namespace plugboard::drm::atomic {

// NoEnt, with the name of the field as the reason has it.
Result<Crtc*> find_crtc(Request& request, Device& device, const char* field, uint32_t id);
Result<Plane*> find_plane(Request& request, Device& device, const char* field, uint32_t id);
Result<Ref<Framebuffer>> find_fb(Request& request, Device& device, const char* field, uint32_t id);
Result<Ref<Connector>> find_connector(Request& request, Device& device, const char* field,
                                      uint32_t id);

/// An object whose properties may be set. One of the three is there unless its type has none.
struct Target {
    Plane* plane = nullptr;
    Crtc* crtc = nullptr;
    MaybeRef<Connector> connector{};

    /// Null: an object without properties.
    ModeObject* object() const;
    /// "plane-0 (31)".
    std::string name() const;
};

/// Nothing: unknown, or not of the type.
std::optional<Target> find_target(Device& device, uint32_t id, ObjectType type = ObjectType::Any);

}  // namespace plugboard::drm::atomic
