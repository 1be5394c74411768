// The attribute groups of a device: made when their owner comes, gone when it goes.
// Linux: device_add_groups in drivers/base/core.c, fs/sysfs/group.c
#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

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

/// They are the same, or one is a folder that the other lies in.
bool clash(std::string_view one, std::string_view other) {
    if (one.size() > other.size()) std::swap(one, other);
    return other.starts_with(one) && (other.size() == one.size() || other[one.size()] == '/');
}

/// Exist: one of `fresh` clashes with what is there or with one before it.
Result<void> expect_free(const Device& device, std::vector<std::string> there,
                         const std::vector<std::string>& fresh) {
    for (const std::string& name : fresh) {
        const auto taken = std::ranges::find_if(
            there, [&](const std::string& other) { return clash(name, other); });
        if (taken != there.end()) {
            log::error("{}: \"{}\" cannot be made: it has \"{}\" already", device.name(), name,
                       *taken);
            return Errno::Exist;
        }
        there.push_back(name);
    }
    return {};
}

/// Of the files and links that the device was made with.
std::vector<std::string> own_names(const DeviceInfo& info) {
    std::vector<std::string> names;
    for (const auto& [name, target] : info.links) names.push_back(name);
    for (const Attribute& file : info.attributes) names.push_back(file.name);
    return names;
}

}  // namespace

Result<void> Core::check_own_names(const Device& device) {
    const auto own = own_names(device.info_);
    return own.empty() ? Result<void>() : expect_free(device, device.core_names(), own);
}

Attribute Core::while_bound(Device& device, Attribute file) {
    const auto enter = [&device, drops = device.state_->driver_drops.load()](const char* what) {
        return device.enter_if([&] { return device.state_->driver_drops == drops; },
                               {.what = what});
    };
    if (file.show) {
        file.show = [enter, show = std::move(file.show)]() -> Result<std::string> {
            const Entered entered = enter("read of a file");
            if (!entered) return Errno::NoDev;
            return show();
        };
    }
    if (file.store) {
        file.store = [enter, store = std::move(file.store)](std::string_view text) -> Result<void> {
            const Entered entered = enter("write to a file");
            if (!entered) return Errno::NoDev;
            return store(text);
        };
    }
    return file;
}

Result<void> Core::make_groups(Device& device, GroupOwner owner,
                               std::vector<AttributeGroup> groups) {
    if (groups.empty()) return {};
    std::vector<Attribute> files = visible_files(device, std::move(groups));
    std::vector<std::string> there = device.core_names(), fresh;
    std::ranges::move(own_names(device.info_), std::back_inserter(there));
    for (const Attribute& file : files) fresh.push_back(file.name);
    Device::State& state = *device.state_;
    {
        MutexLock lock(state.mutex);
        for (const auto& [made_for, file] : state.group_files) there.push_back(file.name);
    }
    TRY(expect_free(device, std::move(there), fresh));
    if (owner == GroupOwner::Driver) {
        for (Attribute& file : files) file = while_bound(device, std::move(file));
    }
    MutexLock lock(state.mutex);
    for (Attribute& file : files) state.group_files.emplace_back(owner, std::move(file));
    return {};
}

void Core::drop_groups(Device& device, GroupOwner owner) {
    std::vector<std::pair<GroupOwner, Attribute>> gone;  // what they hold goes with no lock held
    Device::State& state = *device.state_;
    if (owner == GroupOwner::Driver) state.driver_drops++;
    MutexLock lock(state.mutex);
    const auto first =
        std::stable_partition(state.group_files.begin(), state.group_files.end(),
                              [owner](const auto& file) { return file.first != owner; });
    std::move(first, state.group_files.end(), std::back_inserter(gone));
    state.group_files.erase(first, state.group_files.end());
    lock.unlock();
}

}  // namespace plugboard::device
