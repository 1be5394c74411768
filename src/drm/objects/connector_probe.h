// Asks a connector's driver whether a screen is there and what it can show.
// Linux: drivers/gpu/drm/drm_probe_helper.c, drm_helper_probe_single_connector_modes
#pragma once

#include "drm/objects/connector.h"

namespace plugboard::drm {

/// Brings status and mode list up to date. With no lock held. Nothing once the device is gone.
void probe_connector(Device& device, Connector& connector);

}  // namespace plugboard::drm
