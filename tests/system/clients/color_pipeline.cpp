// Walks the color pipeline of the primary plane, says the type of each operation, and sets it.
#include "src/uapi/drm_extra.h"
#include "tests/system/clients/card.h"

namespace {

using client::Card;

constexpr uint32_t any = DRM_MODE_OBJECT_ANY;

/// The names of an enum property, by their values.
std::vector<drm_mode_property_enum> enums_of(const Card& card, uint32_t property) {
    std::vector<drm_mode_property_enum> enums(16);
    drm_mode_get_property get{};
    get.prop_id = property;
    get.count_enum_blobs = static_cast<uint32_t>(enums.size());
    get.enum_blob_ptr = reinterpret_cast<uint64_t>(enums.data());
    client::must(card.call(DRM_IOCTL_MODE_GETPROPERTY, get) == 0, "GETPROPERTY");
    enums.resize(get.count_enum_blobs);
    return enums;
}

uint64_t value_of(const Card& card, uint32_t object, uint32_t property) {
    std::array<uint32_t, 16> ids{};
    std::array<uint64_t, 16> values{};
    drm_mode_obj_get_properties get{reinterpret_cast<uint64_t>(ids.data()),
                                    reinterpret_cast<uint64_t>(values.data()), 16, object, any};
    client::must(card.call(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, get) == 0, "OBJ_GETPROPERTIES");
    for (size_t i = 0; i < get.count_props; i++) {
        if (ids[i] == property) return values[i];
    }
    client::must(false, "a value of an operation");
    return 0;
}

}  // namespace

int main() {
    Card card;
    card.discover();
    drm_set_client_cap cap{DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE, 1};
    client::must(card.call(DRM_IOCTL_SET_CLIENT_CAP, cap) == 0, "SET_CLIENT_CAP");
    const uint32_t property = card.property(card.primary, any, "COLOR_PIPELINE");
    const auto pipelines = enums_of(card, property);
    client::must(pipelines.size() == 2, "one pipeline beside Bypass");
    std::vector<Card::Value> values = {{card.primary, property, pipelines[1].value}};
    for (auto id = static_cast<uint32_t>(pipelines[1].value); id != 0;) {
        const uint32_t type = card.property(id, any, "TYPE");
        for (const drm_mode_property_enum& each : enums_of(card, type)) {
            if (each.value == value_of(card, id, type)) std::printf("%s\n", each.name);
        }
        values.push_back({id, card.property(id, any, "BYPASS"), 0});
        id = static_cast<uint32_t>(value_of(card, id, card.property(id, any, "NEXT")));
    }
    std::printf("set: %d\n", card.atomic(values, 0));
}
