// The names in a device's folder: its files and links, those of its groups, its children.
// Linux: sysfs_create_file_ns, sysfs_create_dir_ns: EEXIST
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "device/core.h"
#include "device/device.h"
#include "device/device_state.h"
#include "device/model_state.h"
#include "device/sysfs_path.h"

namespace plugboard::device {
namespace {

bool clashes_with_any(std::string_view name, const std::vector<Attribute>& files) {
    return std::ranges::any_of(files,
                               [&](const Attribute& file) { return names_clash(name, file.name); });
}

std::string_view first_part(std::string_view path) {
    return path.substr(0, path.find('/'));
}

}  // namespace

Errno Core::refuse_name(const Device& device, std::string_view name) {
    log::error("{}: \"{}\" cannot be made: there is one in its folder already", device.name(),
               name);
    return Errno::Exist;
}

Result<void> Core::check_own_names(const Device& device) {
    std::vector<std::string_view> own;
    for (const auto& [name, target] : device.info_.links) own.push_back(name);
    for (const Attribute& file : device.info_.attributes) own.push_back(file.name);
    for (size_t i = 0; i < own.size(); i++) {
        const auto clashes = [&](std::string_view other) { return names_clash(own[i], other); };
        if (device.has_core_name(own[i]) ||
            std::any_of(own.begin(), own.begin() + static_cast<ptrdiff_t>(i), clashes))
            return refuse_name(device, own[i]);
    }
    return {};
}

bool Core::has_name(const Device& device, std::string_view name) {
    const DeviceInfo& info = device.info_;
    const auto clashes = [&](std::string_view other) { return names_clash(name, other); };
    if (device.has_core_name(name) || clashes_with_any(name, info.attributes)) return true;
    for (const auto& [link, target] : info.links) {
        if (clashes(link)) return true;
    }
    MutexLock lock(device.state_->mutex);
    return std::ranges::any_of(device.state_->group_files,
                               [&](const auto& file) { return clashes(file.second.name); });
}

bool Core::has_child_named(const Device& device, std::string_view name) {
    const std::string_view folder = first_part(name);
    const size_t start = device.state_->path.size() + 1;
    auto& children = device.state_->children;
    for (DeviceLink* link = children.front(); link; link = children.next(*link)) {
        // Below a folder of its class, if it has one.
        const std::string_view path = link->device.state_->path;
        if (first_part(path.substr(start)) == folder) return true;
    }
    return false;
}

bool Core::is_name_of_parents_file(const Device& child) {
    const Device::State& state = *child.state_;
    if (!child.info_.parent) return false;
    const std::string_view path = state.path;
    return has_name(*child.info_.parent, first_part(path.substr(state.parent_length + 1)));
}

}  // namespace plugboard::device
