// A property: its name, its kind and which values it takes.
// Linux: drivers/gpu/drm/drm_property.c
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "drm/objects/mode_object.h"

namespace plugboard::drm {

enum class PropertyKind { Range, SignedRange, Enum, Bitmask, Blob, Object };

struct PropertyInfo {
    std::string name;  // at most 31 bytes
    PropertyKind kind = PropertyKind::Range;
    bool immutable = false;
    bool atomic = false;            // hidden from non-atomic clients
    std::vector<uint64_t> range{};  // min, max (as two's complement if signed)
    std::vector<std::pair<std::string, uint64_t>> enums{};  // Enum, Bitmask (bit numbers)
    ObjectType object_type = ObjectType::Any;               // Object
};

/// Constant once made. drmm. Linux: struct drm_property
class Property final : public ModeObject {
  public:
    explicit Property(PropertyInfo info)
        : ModeObject(ObjectType::Property), info_(std::move(info)) {}

    const PropertyInfo& info() const { return info_; }
    const std::string& name() const { return info_.name; }
    /// DRM_MODE_PROP_* as GETPROPERTY shows them.
    uint32_t flags() const;
    /// As GETPROPERTY's values array: range limits, enum values, object type.
    std::vector<uint64_t> values() const;
    /// Whether `value` may be set, but for the existence of a blob or object of that id.
    bool accepts(uint64_t value) const;

  private:
    PropertyInfo info_;
};

}  // namespace plugboard::drm
