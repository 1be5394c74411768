#include "drm/objects/property.h"

#include <algorithm>

namespace plugboard::drm {

uint32_t Property::flags() const {
    uint32_t flags = 0;
    switch (info_.kind) {
        case PropertyKind::Range: flags = DRM_MODE_PROP_RANGE; break;
        case PropertyKind::SignedRange: flags = DRM_MODE_PROP_SIGNED_RANGE; break;
        case PropertyKind::Enum: flags = DRM_MODE_PROP_ENUM; break;
        case PropertyKind::Bitmask: flags = DRM_MODE_PROP_BITMASK; break;
        case PropertyKind::Blob: flags = DRM_MODE_PROP_BLOB; break;
        case PropertyKind::Object: flags = DRM_MODE_PROP_OBJECT; break;
    }
    if (info_.immutable) flags |= DRM_MODE_PROP_IMMUTABLE;
    if (info_.atomic) flags |= DRM_MODE_PROP_ATOMIC;
    return flags;
}

std::vector<uint64_t> Property::values() const {
    switch (info_.kind) {
        case PropertyKind::Range:
        case PropertyKind::SignedRange: return info_.range;
        case PropertyKind::Object: return {static_cast<uint64_t>(info_.object_type)};
        case PropertyKind::Blob: return {};
        case PropertyKind::Enum:
        case PropertyKind::Bitmask: break;
    }
    std::vector<uint64_t> values;
    for (const auto& [name, value] : info_.enums) values.push_back(value);
    return values;
}

bool Property::accepts(uint64_t value) const {
    if (info_.immutable) return false;
    switch (info_.kind) {
        case PropertyKind::Range: return value >= info_.range[0] && value <= info_.range[1];
        case PropertyKind::SignedRange: {
            const auto number = static_cast<int64_t>(value);
            return number >= static_cast<int64_t>(info_.range[0]) &&
                   number <= static_cast<int64_t>(info_.range[1]);
        }
        case PropertyKind::Enum:
            return std::ranges::any_of(info_.enums,
                                       [&](const auto& entry) { return entry.second == value; });
        case PropertyKind::Bitmask: {
            uint64_t mask = 0;
            for (const auto& [name, bit] : info_.enums) mask |= uint64_t{1} << bit;
            return (value & ~mask) == 0;
        }
        case PropertyKind::Blob:
        case PropertyKind::Object: return true;
    }
    return false;
}

}  // namespace plugboard::drm
