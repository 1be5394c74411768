// The EDIDs of the monitors, and of screens that are known by a mode alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "drivers/vkms/config.h"

namespace plugboard::daemon {

/// Of a monitor of monitors.h, at a connector of this type (DRM_MODE_CONNECTOR_*). Nothing for
/// another word.
std::optional<std::vector<std::byte>> find_monitor_edid(std::string_view name,
                                                        uint32_t connector_type);
/// Of a screen whose preferred mode is this one. Nothing for one that no EDID can tell.
std::optional<std::vector<std::byte>> edid_for_mode(const vkms::ScreenMode& mode,
                                                    uint32_t connector_type);

}  // namespace plugboard::daemon
