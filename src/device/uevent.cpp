#include "device/uevent.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "device/bus.h"
#include "device/device.h"
#include "device/model.h"

namespace plugboard::device {
namespace {

bool is_uuid(std::string_view word) {
    if (word.size() != 36) return false;
    for (size_t i = 0; i < word.size(); i++) {
        const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? word[i] != '-' : !std::isxdigit(static_cast<unsigned char>(word[i])))
            return false;
    }
    return true;
}

bool is_alphanumeric(std::string_view word) {
    return !word.empty() && std::ranges::all_of(word, [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0;
    });
}

/// Cuts the first word off.
std::string_view take_word(std::string_view& text) {
    const auto space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    return word;
}

}  // namespace

UeventKeys device_keys(const Device& device) {
    const DeviceInfo& info = device.info();
    UeventKeys keys;
    if (info.node) {
        keys.emplace_back("MAJOR", std::to_string(info.node->major));
        keys.emplace_back("MINOR", std::to_string(info.node->minor));
        keys.emplace_back("DEVNAME", info.node->path);
    }
    if (!info.devtype.empty()) keys.emplace_back("DEVTYPE", info.devtype);
    if (std::string driver = device.driver_name(); !driver.empty())
        keys.emplace_back("DRIVER", std::move(driver));
    if (info.bus) info.bus->add_uevent_keys(device, keys);
    if (info.device_class) info.device_class->add_uevent_keys(device, keys);
    keys.insert(keys.end(), info.uevent_keys.begin(), info.uevent_keys.end());
    return keys;
}

UeventKeys uevent_keys(const Device& device, UeventKeys more) {
    const DeviceInfo& info = device.info();
    UeventKeys keys;
    keys.emplace_back("SUBSYSTEM", info.bus ? info.bus->name() : info.device_class->name());
    std::ranges::move(more, std::back_inserter(keys));
    std::ranges::move(device_keys(device), std::back_inserter(keys));
    return keys;
}

Result<SyntheticUevent> parse_synthetic_uevent(std::string_view text) {
    constexpr std::array<std::string_view, 8> actions = {"add",    "remove",  "change", "move",
                                                         "online", "offline", "bind",   "unbind"};
    if (text.ends_with('\n') || text.ends_with('\0')) text.remove_suffix(1);
    SyntheticUevent event;
    event.action = take_word(text);
    if (std::ranges::find(actions, event.action) == actions.end()) return Errno::Inval;
    if (text.empty()) {
        event.keys.emplace_back("SYNTH_UUID", "0");
        return event;
    }
    const std::string_view uuid = take_word(text);
    if (!is_uuid(uuid)) return Errno::Inval;
    event.keys.emplace_back("SYNTH_UUID", uuid);
    while (!text.empty()) {
        const std::string_view word = take_word(text);
        const auto equals = word.find('=');
        if (equals == std::string_view::npos) return Errno::Inval;
        const std::string_view key = word.substr(0, equals), value = word.substr(equals + 1);
        if (!is_alphanumeric(key) || !is_alphanumeric(value)) return Errno::Inval;
        event.keys.emplace_back("SYNTH_ARG_" + std::string(key), value);
    }
    return event;
}

}  // namespace plugboard::device
