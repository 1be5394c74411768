#include "drm/objects/connector_properties.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace plugboard::drm {
namespace {

using Enums = std::vector<std::pair<std::string, uint64_t>>;

// By value.
constexpr std::array colorspace_names{"Default",
                                      "SMPTE_170M_YCC",
                                      "BT709_YCC",
                                      "XVYCC_601",
                                      "XVYCC_709",
                                      "SYCC_601",
                                      "opYCC_601",
                                      "opRGB",
                                      "BT2020_CYCC",
                                      "BT2020_RGB",
                                      "BT2020_YCC",
                                      "DCI-P3_RGB_D65",
                                      "DCI-P3_RGB_Theater",
                                      "RGB_WIDE_FIXED",
                                      "RGB_WIDE_FLOAT",
                                      "BT601_YCC"};
// Bit per value. CTA-861 knows the first, DisplayPort the second.
constexpr uint32_t hdmi_colorspaces = 0x1fff;
constexpr uint32_t dp_colorspaces = 0xeffd;

Enums colorspaces(uint32_t known) {
    Enums enums;
    for (uint32_t value = 0; value < colorspace_names.size(); ++value)
        if ((known >> value & 1) != 0) enums.emplace_back(colorspace_names[value], value);
    return enums;
}

PropertyInfo immutable_enum(const char* name, Enums enums) {
    return {.name = name, .kind = PropertyKind::Enum, .immutable = true, .enums = std::move(enums)};
}

PropertyInfo subconnector() {
    return immutable_enum("subconnector", {{"Unknown", DRM_MODE_SUBCONNECTOR_Unknown},
                                           {"VGA", DRM_MODE_SUBCONNECTOR_VGA},
                                           {"DVI-D", DRM_MODE_SUBCONNECTOR_DVID},
                                           {"HDMI", DRM_MODE_SUBCONNECTOR_HDMIA},
                                           {"DP", DRM_MODE_SUBCONNECTOR_DisplayPort},
                                           {"Wireless", DRM_MODE_SUBCONNECTOR_Wireless},
                                           {"Native", DRM_MODE_SUBCONNECTOR_Native}});
}

PropertyInfo content_type() {
    return {.name = "content type",
            .kind = PropertyKind::Enum,
            .enums = {{"No Data", DRM_MODE_CONTENT_TYPE_NO_DATA},
                      {"Graphics", DRM_MODE_CONTENT_TYPE_GRAPHICS},
                      {"Photo", DRM_MODE_CONTENT_TYPE_PHOTO},
                      {"Cinema", DRM_MODE_CONTENT_TYPE_CINEMA},
                      {"Game", DRM_MODE_CONTENT_TYPE_GAME}}};
}

PropertyInfo colorspace(uint32_t known) {
    return {.name = "Colorspace", .kind = PropertyKind::Enum, .enums = colorspaces(known)};
}

PropertyInfo panel_orientation() {
    const auto value = [](PanelOrientation of) { return static_cast<uint64_t>(of); };
    return immutable_enum("panel orientation",
                          {{"Normal", value(PanelOrientation::Normal)},
                           {"Upside Down", value(PanelOrientation::UpsideDown)},
                           {"Left Side Up", value(PanelOrientation::LeftSideUp)},
                           {"Right Side Up", value(PanelOrientation::RightSideUp)}});
}

/// That of the range; null: it is not there yet.
const Property* max_bpc(const StandardProperties& properties, const ConnectorOptions& options) {
    for (const Property* property : properties.max_bpc) {
        const auto& range = property->info().range;
        if (range[0] == options.min_bpc && range[1] == options.max_bpc) return property;
    }
    return nullptr;
}

}  // namespace

bool is_max_bpc(const StandardProperties& properties, const Property& property) {
    return std::ranges::find(properties.max_bpc, &property) != properties.max_bpc.end();
}

void ModeConfig::add_connector_properties(const ConnectorOptions& options) {
    StandardProperties& to = properties;
    const auto add = [this](bool is_wanted, const Property*& slot, auto info) {
        if (is_wanted && !slot) slot = &add_property(info());
    };
    add(options.subconnector, to.subconnector, subconnector);
    if (options.max_bpc != 0 && !max_bpc(to, options)) {
        to.max_bpc.push_back(
            &add_property({.name = "max bpc", .range = {options.min_bpc, options.max_bpc}}));
    }
    add(options.content_type, to.content_type, content_type);
    add(options.colorspaces == Colorspaces::Hdmi, to.hdmi_colorspace,
        [] { return colorspace(hdmi_colorspaces); });
    add(options.colorspaces == Colorspaces::DisplayPort, to.dp_colorspace,
        [] { return colorspace(dp_colorspaces); });
    add(options.vrr_capable, to.vrr_capable, [] {
        return PropertyInfo{.name = "vrr_capable", .immutable = true, .range = {0, 1}};
    });
    add(options.panel_orientation.has_value(), to.panel_orientation, panel_orientation);
}

std::vector<const Property*> optional_properties(const StandardProperties& properties,
                                                 const ConnectorOptions& options) {
    std::vector<const Property*> wanted;
    const auto add = [&](bool is_wanted, const Property* property) {
        if (is_wanted) wanted.push_back(property);
    };
    add(options.subconnector, properties.subconnector);
    add(options.max_bpc != 0, max_bpc(properties, options));
    add(options.content_type, properties.content_type);
    add(options.colorspaces == Colorspaces::Hdmi, properties.hdmi_colorspace);
    add(options.colorspaces == Colorspaces::DisplayPort, properties.dp_colorspace);
    add(options.hdr_output_metadata, properties.hdr_output_metadata);
    add(options.vrr_capable, properties.vrr_capable);
    add(options.panel_orientation.has_value(), properties.panel_orientation);
    return wanted;
}

const char* colorspace_name(uint32_t colorspace) {
    return colorspace < colorspace_names.size() ? colorspace_names[colorspace] : "Unknown";
}

// Every screen here speaks DisplayPort itself.
uint32_t subconnector_of(ConnectorStatus status) {
    return status == ConnectorStatus::Connected ? DRM_MODE_SUBCONNECTOR_Native
                                                : DRM_MODE_SUBCONNECTOR_Unknown;
}

// Linux: drm_connector_set_tile_property
std::string tile_text(const edid::Tile& tile, uint32_t group) {
    std::string text =
        fmt::format("{}:{}:{}:{}:{}:{}:{}:{}", group, int{tile.is_single_monitor}, tile.columns,
                    tile.rows, tile.column, tile.row, tile.width, tile.height);
    text.push_back('\0');
    return text;
}

}  // namespace plugboard::drm
