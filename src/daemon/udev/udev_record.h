// What udev would know of a device of ours: the outcome of systemd 252's rules, as Debian 12 ships
// them. (Not of those that other packages add: mutter's tells it to ignore vkms.)
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "device/device.h"

namespace plugboard::daemon {

/// Plain data.
struct UdevRecord {
    std::string id;                  // "c226:0", "+drm:card0-Virtual-1"
    std::vector<std::string> links;  // below /dev: "dri/by-path/platform-vkms-card"
    std::vector<std::pair<std::string, std::string>> properties;
    std::vector<std::string> tags;
    uint64_t initialized = 0;  // µs of CLOCK_MONOTONIC; 0: never

    /// Whether udev keeps a file of it.
    bool is_kept() const { return id[0] == 'c' || !properties.empty() || !tags.empty(); }
    /// The file in /run/udev/data.
    std::string text() const;
};

/// Without the time.
UdevRecord make_udev_record(const device::Device& device);

}  // namespace plugboard::daemon
