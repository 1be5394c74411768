// Where a device's connectors are seen, each by name.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "device/device.h"
#include "device/model.h"
#include "drm/device.h"
#include "drm/device_state.h"
#include "drm/objects/mode_config.h"

namespace plugboard::tests {

/// In the list, and not removed.
inline std::vector<std::string> listed_connectors(drm::Device& device) {
    std::vector<std::string> names;
    MutexLock lock(device.mode_config().lock());
    for (const auto& connector : device.mode_config().connectors)
        if (!connector->is_removed) names.push_back(connector->name());
    std::ranges::sort(names);
    return names;
}

/// Of all cards of the model: it has one.
inline std::vector<std::string> sysfs_connectors(const device::Model& model) {
    std::vector<std::string> names;
    for (const auto& device : model.devices())
        if (device->info().devtype == "drm_connector")
            names.push_back(device->name().substr(device->name().find('-') + 1));
    std::ranges::sort(names);
    return names;
}

inline std::vector<std::string> debugfs_connectors(const drm::Device& device) {
    constexpr std::string_view file_of_each = "/force";
    std::vector<std::string> names;
    for (const auto& file : device.debug_files())
        if (file.path.ends_with(file_of_each))
            names.push_back(file.path.substr(0, file.path.size() - file_of_each.size()));
    std::ranges::sort(names);
    return names;
}

/// How many the card itself knows to be in sysfs: these it takes away when it goes.
inline size_t kept_sysfs_connectors(const drm::Device& device) {
    MutexLock lock(device.state().nodes_mutex);
    return device.state().connectors.size();
}

/// Nobody adds or removes one now.
inline void expect_shown_as_listed(drm::Device& device) {
    const auto listed = listed_connectors(device);
    EXPECT_EQ(sysfs_connectors(device.parent().model()), listed);
    EXPECT_EQ(debugfs_connectors(device), listed);
    EXPECT_EQ(kept_sysfs_connectors(device), listed.size());
}

}  // namespace plugboard::tests
