#include "daemon/udev/udev_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "device/bus.h"
#include "device/class.h"

namespace plugboard::daemon {
namespace {

using device::Device;

std::string id_of(const Device& device) {
    const device::DeviceInfo& info = device.info();
    if (info.node) return fmt::format("c{}:{}", info.node->major, info.node->minor);
    return fmt::format("+{}:{}", info.bus ? info.bus->name() : info.device_class->name(),
                       device.name());
}

/// "platform-vkms" for a device on a bus that udev knows paths of, or below such a one.
std::string path_id(const Device& device) {
    for (const Device* at = &device; at; at = at->parent()) {
        if (at->info().bus && at->info().bus->name() == "platform") return "platform-" + at->name();
    }
    return "";
}

/// As a tag can be written: "platform-vkms_1".
std::string tag_of_path(std::string_view path) {
    std::string tag;
    for (const char c : path) {
        if (std::isalnum(static_cast<unsigned char>(c)) || c == '-') {
            tag += c;
        } else if (!tag.empty() && tag.back() != '_') {
            tag += '_';
        }
    }
    while (tag.ends_with('_')) tag.pop_back();
    return tag;
}

/// 60-drm.rules, 70-uaccess.rules, 71-seat.rules
void apply_drm_rules(const Device& device, const std::string& path, UdevRecord& record) {
    const bool is_card = device.name().starts_with("card");
    const bool is_node = device.info().node.has_value();
    if (is_node && !path.empty())
        record.links.push_back(fmt::format("dri/by-path/{}-{}", path, is_card ? "card" : "render"));
    if (is_node) record.tags.emplace_back("uaccess");
    if (!is_card) return;
    record.tags.emplace_back("seat");
    record.tags.emplace_back("master-of-seat");
    if (!path.empty()) record.properties.emplace_back("ID_FOR_SEAT", "drm-" + tag_of_path(path));
}

}  // namespace

UdevRecord make_udev_record(const Device& device) {
    UdevRecord record;
    record.id = id_of(device);
    const bool is_drm = device.info().device_class && device.info().device_class->name() == "drm";
    if (!is_drm && !device.info().bus) return record;
    const std::string path = path_id(device);
    if (!path.empty()) {
        record.properties.emplace_back("ID_PATH", path);
        record.properties.emplace_back("ID_PATH_TAG", tag_of_path(path));
    }
    if (is_drm) apply_drm_rules(device, path, record);
    return record;
}

std::string UdevRecord::text() const {
    std::string text;
    for (const std::string& link : links) text += fmt::format("S:{}\n", link);
    if (initialized != 0) text += fmt::format("I:{}\n", initialized);
    for (const auto& [key, value] : properties) text += fmt::format("E:{}={}\n", key, value);
    for (const std::string& tag : tags) text += fmt::format("G:{}\n", tag);
    for (const std::string& tag : tags) text += fmt::format("Q:{}\n", tag);
    return text + "V:1\n";
}

}  // namespace plugboard::daemon
