// What a uevent says about a device.
// Linux: lib/kobject_uevent.c, dev_uevent() in drivers/base/core.c
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace plugboard::device {

class Device;

using UeventKeys = std::vector<std::pair<std::string, std::string>>;

/// MAJOR, MINOR, DEVNAME, DEVTYPE, DRIVER, those of the bus and the device's own: also the content
/// of its uevent file.
UeventKeys device_keys(const Device& device);
/// All but ACTION, DEVPATH and SEQNUM, in Linux's order; `more` are the event's own.
UeventKeys uevent_keys(const Device& device, UeventKeys more);

struct SyntheticUevent {
    std::string action;
    UeventKeys keys;
};
/// What was written to a uevent file: "add", "change 12345678-1234-... KEY=value". Inval.
/// Linux: kobject_synth_uevent
Result<SyntheticUevent> parse_synthetic_uevent(std::string_view text);

}  // namespace plugboard::device
