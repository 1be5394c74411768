// The properties of connectors that not every driver has: depth, colours, HDR, a dock's path.
// Linux: drivers/gpu/drm/drm_connector.c, "Standard Connector Properties"
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "drm/objects/connector.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {

/// In the order in which clients list them; null: one that is not there yet. Without PATH.
std::vector<const Property*> optional_properties(const StandardProperties& properties,
                                                 const ConnectorOptions& options);
/// One of the "max bpc".
bool is_max_bpc(const StandardProperties& properties, const Property& property);
/// "BT2020_RGB"; of a value that "Colorspace" does not know: "Unknown".
const char* colorspace_name(uint32_t colorspace);
/// What hangs behind a DisplayPort now, as "subconnector" says it.
uint32_t subconnector_of(ConnectorStatus status);
/// What TILE says of one tile of this group: "1:1:2:1:0:0:2560:2880", with its closing 0.
std::string tile_text(const edid::Tile& tile, uint32_t group);

}  // namespace plugboard::drm
