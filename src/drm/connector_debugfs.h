// The files of a connector in debugfs: force, edid_override, output_bpc, vrr_range.
// Linux: drivers/gpu/drm/drm_debugfs.c, drm_edid.c
#pragma once

#include "drm/device.h"
#include "drm/objects/connector.h"

namespace plugboard::drm {

/// Their functions use the device: whoever calls them holds a reference on it.
void add_connector_debug_files(Device& device, const Connector& connector);
void remove_connector_debug_files(Device& device, const Connector& connector);

}  // namespace plugboard::drm
