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
Result<Crtc*> find_crtc(Request& request, const File& file, const char* field, uint32_t id);
Result<Plane*> find_plane(Request& request, const File& file, const char* field, uint32_t id);
Result<Ref<Framebuffer>> find_fb(Request& request, Device& device, const char* field, uint32_t id);
Result<Ref<Connector>> find_connector(Request& request, const File& file, const char* field,
                                      uint32_t id);
/// Access: the file is a lessee that has not leased the plane of the CRTC that it means.
Result<void> expect_leased(Request& request, const File& file, const Plane& plane);

/// An object whose properties may be set. One of them is there unless its type has none.
struct Target {
    Plane* plane = nullptr;
    Crtc* crtc = nullptr;
    MaybeRef<Connector> connector{};
    Colorop* colorop = nullptr;

    /// Null: an object without properties.
    ModeObject* object() const;
    /// "plane-0 (31)".
    std::string name() const;
};

/// Nothing: unknown, not of the type, or not leased by a file that is a lessee.
std::optional<Target> find_target(const File& file, uint32_t id, ObjectType type = ObjectType::Any);
/// The same for a value of a property, which may name what is not leased.
std::optional<Target> find_target(Device& device, uint32_t id, ObjectType type);

}  // namespace plugboard::drm::atomic
