// The attribute groups of a device: made when their owner comes, gone when it goes.
// Linux: device_add_groups in drivers/base/core.c, fs/sysfs/group.c
#include <algorithm>
#include <string>

#include "base/log.h"
#include "device/core.h"
#include "device/device.h"
#include "device/device_state.h"

namespace plugboard::device {
namespace {

/// The files of the groups that their device is to have.
std::vector<Attribute> visible_files(const Device& device, std::vector<AttributeGroup> groups) {
    std::vector<Attribute> files;
    for (AttributeGroup& group : groups) {
        for (Attribute& file : group.attributes) {
            if (group.is_visible) file.mode = group.is_visible(device, file);
            if (file.mode == 0) continue;
            if (!group.folder.empty()) file.name = group.folder + "/" + file.name;
            files.push_back(std::move(file));
        }
    }
    return files;
}

}  // namespace

Result<void> Core::make_groups(Device& device, GroupOwner owner,
                               std::vector<AttributeGroup> groups) {
    if (groups.empty()) return {};
    std::vector<Attribute> files = visible_files(device, std::move(groups));
    Device::State& state = *device.state_;
    std::string taken;
    {
        MutexLock lock(state.mutex);
        const auto is_taken = [&](const std::string& name) REQUIRES(state.mutex) {
            return std::ranges::any_of(device.info_.attributes,
                                       [&](const auto& own) { return own.name == name; }) ||
                   std::ranges::any_of(state.group_files,
                                       [&](const auto& file) { return file.second.name == name; });
        };
        for (Attribute& file : files) {
            if (taken = is_taken(file.name) ? file.name : ""; !taken.empty()) break;
            state.group_files.emplace_back(owner, std::move(file));
        }
    }
    if (taken.empty()) return {};
    log::error("{}: it has a file \"{}\" already", device.name(), taken);
    drop_groups(device, owner);
    return Errno::Exist;
}

void Core::drop_groups(Device& device, GroupOwner owner) {
    std::vector<std::pair<GroupOwner, Attribute>> gone;  // what they hold goes with no lock held
    Device::State& state = *device.state_;
    MutexLock lock(state.mutex);
    const auto first =
        std::stable_partition(state.group_files.begin(), state.group_files.end(),
                              [owner](const auto& file) { return file.first != owner; });
    std::move(first, state.group_files.end(), std::back_inserter(gone));
    state.group_files.erase(first, state.group_files.end());
    lock.unlock();
}

}  // namespace plugboard::device
