// A connector's folder in sysfs: status, enabled, dpms, modes, edid.
// Linux: drivers/gpu/drm/drm_sysfs.c, drm_sysfs_connector_add
#pragma once

#include "device/device.h"
#include "drm/device.h"
#include "drm/objects/connector.h"

namespace plugboard::drm {

/// "card1-Virtual-1" below the card. Its attributes find the connector by its ids at each call, so
/// they hold nothing: NoDev once the card is unpublished.
device::DeviceInfo connector_device(Device& device, const Connector& connector,
                                    device::Device& card);

}  // namespace plugboard::drm
