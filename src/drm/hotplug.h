// What a device's side does to its connectors: screens that come and go, links that fail.
// Linux: drivers/gpu/drm/drm_probe_helper.c, drm_sysfs.c, drm_connector.c
#pragma once

#include <span>

#include "base/ref.h"
#include "drm/device.h"
#include "drm/objects/connector.h"
#include "drm/objects/property.h"

namespace plugboard::drm {

/// What a link can be. Values are the uAPI's.
enum class LinkStatus : uint32_t { Good = 0, Bad = 1 };

/// The driver says that there is another screen at these connectors, or none. Probes them, then
/// tells the clients: "change" of the card with HOTPLUG=1, and CONNECTOR=id when it is one. What a
/// CRTC shows stays as it is. With no lock held. Linux: drm_kms_helper_hotplug_event
void handle_hotplug(Device& device, std::span<const Ref<Connector>> connectors);

/// The same, where the driver does not say which of its connectors it is: HOTPLUG=1 alone.
void handle_unnamed_hotplug(Device& device, std::span<const Ref<Connector>> connectors);

/// A connector that comes while the card runs: a dock's. Probes it, shows it in sysfs, then tells
/// the clients by CONNECTOR=id. Its properties are some that connectors had, or were added for it,
/// before publish(). With no lock held; after publish(). NoDev: the device is gone; Inval: a
/// property that is not there; NoSpc: 32 connectors. Linux: drm_connector_dynamic_register
Result<Ref<Connector>> add_connector(Device& device, ConnectorInfo info);

/// It goes: from sysfs at once, and from the lists with its id as soon as no CRTC is on it. A CRTC
/// stays as it is; clients may turn it off, and nothing on. Tells them by HOTPLUG=1. With no lock
/// held; again: nothing. Linux: drm_connector_unregister
void remove_connector(Device& device, const Ref<Connector>& connector);

/// The link to the screen has failed, or is good again; a client makes it good by the next modeset.
/// Tells the clients if it is another now. With no lock held.
/// Linux: drm_connector_set_link_status_property
void set_link_status(Device& device, Connector& connector, LinkStatus status);

/// The driver has changed a property's value by itself: "change" of the card with HOTPLUG=1,
/// CONNECTOR=id and PROPERTY=id. With no lock held. Linux: drm_sysfs_connector_property_event
void tell_property_change(Device& device, const Connector& connector, const Property& property);

}  // namespace plugboard::drm
