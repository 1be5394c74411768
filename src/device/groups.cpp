// The attribute groups of a device: made when their owner comes, gone when it goes.
// Linux: device_add_groups in drivers/base/core.c, fs/sysfs/group.c
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "device/core.h"
#include "device/device.h"
#include "device/device_state.h"
#include "device/model_state.h"

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
    if (owner == GroupOwner::Driver) {
        for (Attribute& file : files) file = while_bound(device, std::move(file));
    }
    Device::State& state = *device.state_;
    MutexLock model_lock(device.model_.state_->mutex);  // a child may come with one of the names
    for (Attribute& file : files) {
        if (has_name(device, file.name) || has_child_named(device, file.name)) {
            model_lock.unlock();
            drop_groups(device, owner);
            return refuse_name(device, file.name);
        }
        MutexLock lock(state.mutex);
        state.group_files.emplace_back(owner, std::move(file));
    }
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
