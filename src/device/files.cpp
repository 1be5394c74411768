// A device's files and symlinks in sysfs, as data.
// Linux: drivers/base/core.c (uevent, dev), drivers/base/power/sysfs.c
#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>
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

Attribute constant(std::string value) {
    return {.mode = 0444,
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

/// A file that the core makes. `make` gives it without its name.
struct Device::CoreFile {
    std::string_view name;
    bool (*is_made)(const DeviceInfo&);
    Attribute (*make)(const Device&);
};

std::span<const Device::CoreFile> Device::core_files() {
    constexpr auto always = [](const DeviceInfo&) { return true; };
    constexpr auto with_node = [](const DeviceInfo& info) { return info.node.has_value(); };
    constexpr auto with_power = [](const DeviceInfo& info) { return !info.pm_not_required; };
    static constexpr CoreFile files[] = {
        {"uevent", always,
         [](const Device& device) -> Attribute {
             return {.mode = 0644,
                     .show = [&device]() -> Result<std::string> {
                         std::string text;
                         for (const auto& [key, value] : device_keys(device))
                             text.append(key).append("=").append(value).append("\n");
                         return text;
                     },
                     .store = [&device](std::string_view text) -> Result<void> {
                         auto event = TRY(parse_synthetic_uevent(text));
                         const_cast<Device&>(device).send_uevent(std::move(event.action),
                                                                 std::move(event.keys));
                         return {};
                     }};
         }},
        {"dev", with_node,
         [](const Device& device) {
             const DeviceNode& node = *device.info().node;
             return constant(std::to_string(node.major) + ":" + std::to_string(node.minor));
         }},
        {"power/autosuspend_delay_ms", with_power,
         [](const Device&) -> Attribute {
             return {.mode = 0644,
                     .show = []() -> Result<std::string> { return Errno::Io; },
                     .store = [](std::string_view) -> Result<void> { return Errno::Io; }};
         }},
        {"power/control", with_power,
         [](const Device& device) -> Attribute {
             return {.mode = 0644,
                     .show = [&state = *device.state_]() -> Result<std::string> {
                         MutexLock lock(state.mutex);
                         return std::string(state.is_power_on ? "on\n" : "auto\n");
                     },
                     .store = [&state = *device.state_](std::string_view value) -> Result<void> {
                         if (value.ends_with('\n')) value.remove_suffix(1);
                         if (value != "auto" && value != "on") return Errno::Inval;
                         MutexLock lock(state.mutex);
                         state.is_power_on = value == "on";
                         return {};
                     }};
         }},
        {"power/runtime_active_time", with_power, [](const Device&) { return constant("0"); }},
        {"power/runtime_status", with_power, [](const Device&) { return constant("unsupported"); }},
        {"power/runtime_suspended_time", with_power, [](const Device&) { return constant("0"); }},
    };
    return files;
}

std::vector<Attribute> Device::core_attributes() const {
    std::vector<Attribute> made;
    for (const CoreFile& file : core_files()) {
        if (!file.is_made(info_)) continue;
        made.push_back(file.make(*this));
        made.back().name = file.name;
    }
    return made;
}

bool Device::has_core_name(std::string_view name) const {
    if ((info_.bus || info_.device_class) && names_clash(name, "subsystem")) return true;
    if (info_.device_class && info_.parent && names_clash(name, "device")) return true;
    if (info_.bus && names_clash(name, "driver")) return true;
    return std::ranges::any_of(core_files(), [&](const CoreFile& file) {
        return file.is_made(info_) && names_clash(name, file.name);
    });
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
