// A device's files and symlinks in sysfs, as data.
// Linux: drivers/base/core.c (uevent, dev), drivers/base/power/sysfs.c
#include <algorithm>
#include <iterator>
#include <utility>

#include "device/bus.h"
#include "device/device.h"
#include "device/device_state.h"
#include "device/model.h"
#include "device/sysfs_path.h"
#include "device/uevent.h"

namespace plugboard::device {
namespace {

/// "../../devices/x" in /sys/class/drm, say.
std::pair<std::string, std::string> link_below_sys(const std::string& folder,
                                                   const std::string& name,
                                                   const std::string& target) {
    return {folder + "/" + name, relative_target("/" + folder, target)};
}

Attribute constant(std::string name, std::string value) {
    return {.name = std::move(name),
            .mode = 0444,
            .show = [value = std::move(value)]() -> Result<std::string> { return value + "\n"; }};
}

}  // namespace

bool Device::has_files() const {
    MutexLock lock(state_->mutex);
    return state_->has_files;
}

std::string Device::driver_name() const {
    MutexLock lock(state_->mutex);
    return state_->driver_name;
}

std::vector<Attribute> Device::core_attributes() const {
    std::vector<Attribute> files;
    files.push_back({.name = "uevent",
                     .mode = 0644,
                     .show = [this]() -> Result<std::string> {
                         std::string text;
                         for (const auto& [key, value] : device_keys(*this))
                             text.append(key).append("=").append(value).append("\n");
                         return text;
                     },
                     .store = [this](std::string_view text) -> Result<void> {
                         auto event = TRY(parse_synthetic_uevent(text));
                         const_cast<Device*>(this)->send_uevent(std::move(event.action),
                                                                std::move(event.keys));
                         return {};
                     }});
    if (info_.node)
        files.push_back(constant(
            "dev", std::to_string(info_.node->major) + ":" + std::to_string(info_.node->minor)));
    if (info_.pm_not_required) return files;
    files.push_back({.name = "power/autosuspend_delay_ms",
                     .mode = 0644,
                     .show = []() -> Result<std::string> { return Errno::Io; },
                     .store = [](std::string_view) -> Result<void> { return Errno::Io; }});
    files.push_back({.name = "power/control",
                     .mode = 0644,
                     .show = [this]() -> Result<std::string> {
                         MutexLock lock(state_->mutex);
                         return std::string(state_->is_power_on ? "on\n" : "auto\n");
                     },
                     .store = [this](std::string_view value) -> Result<void> {
                         if (value.ends_with('\n')) value.remove_suffix(1);
                         if (value != "auto" && value != "on") return Errno::Inval;
                         MutexLock lock(state_->mutex);
                         state_->is_power_on = value == "on";
                         return {};
                     }});
    files.push_back(constant("power/runtime_active_time", "0"));
    files.push_back(constant("power/runtime_status", "unsupported"));
    files.push_back(constant("power/runtime_suspended_time", "0"));
    return files;
}

std::vector<std::string> Device::core_names() const {
    std::vector<std::string> names;
    for (Attribute& file : core_attributes()) names.push_back(std::move(file.name));
    if (info_.bus || info_.device_class) names.emplace_back("subsystem");
    if (info_.device_class && info_.parent) names.emplace_back("device");
    if (info_.bus) names.emplace_back("driver");
    return names;
}

std::vector<Attribute> Device::all_attributes() const {
    if (!has_files()) return {};
    std::vector<Attribute> files = info_.attributes;
    std::ranges::move(core_attributes(), std::back_inserter(files));
    MutexLock lock(state_->mutex);
    for (const auto& [owner, file] : state_->group_files) files.push_back(file);
    return files;
}

std::vector<std::pair<std::string, std::string>> Device::all_links() const {
    if (!has_files()) return {};
    const std::string& path = state_->path;
    std::vector<std::pair<std::string, std::string>> links = info_.links;
    if (info_.device_class) {
        links.emplace_back("subsystem",
                           relative_target(path, "/class/" + info_.device_class->name()));
        if (info_.parent)
            links.emplace_back("device",
                               relative_target(path, path.substr(0, state_->parent_length)));
    }
    if (info_.bus) {
        const std::string bus = "/bus/" + info_.bus->name();
        if (!info_.device_class) links.emplace_back("subsystem", relative_target(path, bus));
        if (const std::string driver = driver_name(); !driver.empty())
            links.emplace_back("driver", relative_target(path, bus + "/drivers/" + driver));
    }
    return links;
}

std::vector<std::pair<std::string, std::string>> model_links(const Device& device) {
    const DeviceInfo& info = device.info();
    const std::string path = device.sysfs_path();
    std::vector<std::pair<std::string, std::string>> links;
    if (!device.has_files()) return links;
    if (info.device_class)
        links.push_back(link_below_sys("class/" + info.device_class->name(), device.name(), path));
    if (info.bus) {
        const std::string bus = "bus/" + info.bus->name();
        links.push_back(link_below_sys(bus + "/devices", device.name(), path));
        if (const std::string driver = device.driver_name(); !driver.empty())
            links.push_back(link_below_sys(bus + "/drivers/" + driver, device.name(), path));
    }
    if (info.node) {
        const std::string number =
            std::to_string(info.node->major) + ":" + std::to_string(info.node->minor);
        links.push_back(link_below_sys("dev/char", number, path));
    }
    return links;
}

}  // namespace plugboard::device
