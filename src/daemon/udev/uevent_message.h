// The two forms in which a uevent travels. Linux: lib/kobject_uevent.c; systemd 252:
// src/libsystemd/sd-device/device-monitor.c
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/udev/udev_record.h"
#include "device/model.h"

namespace plugboard::daemon {

/// The kernel's: "add@/devices/...", then KEY=value, each with a NUL behind it.
std::string kernel_message(const device::Uevent& event);
/// udev's: a head by which listeners' filters choose, then the same keys and those of the record.
std::string udev_message(const device::Uevent& event, const UdevRecord& record);

/// What the head has of a subsystem and a device type. MurmurHash2 with the seed 0.
uint32_t udev_hash(std::string_view text);
/// The bits of a tag in the head's set of tags.
uint64_t udev_tag_bits(std::string_view tag);

}  // namespace plugboard::daemon
