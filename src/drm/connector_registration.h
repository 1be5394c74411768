// A connector's folders in sysfs and debugfs: made when clients may see it, gone when it goes.
// Linux: drivers/gpu/drm/drm_connector.c, drm_connector_register, drm_connector_unregister
#pragma once

#include "base/result.h"
#include "drm/device.h"
#include "drm/objects/connector.h"

namespace plugboard::drm {

/// NoDev: the card's own folder is not there any more. With no lock held; once.
Result<void> show_connector(Device& device, const Connector& connector);
/// With no lock held; again: nothing.
void hide_connector(Device& device, const Connector& connector);

}  // namespace plugboard::drm
