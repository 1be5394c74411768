// Files of a sysfs directory, as data.
// Linux: include/linux/sysfs.h
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace plugboard::device {

class Device;

struct Attribute {
    std::string name{};                                     // may have a folder: "power/control"
    uint32_t mode = 0444;                                   // permission bits
    std::function<Result<std::string>()> show{};            // the file's content
    std::function<Result<void>(std::string_view)> store{};  // what a write does; none: not writable
};

/// Files that come and go together. Linux: struct attribute_group
struct AttributeGroup {
    std::string folder{};  // empty: the device's own
    std::vector<Attribute> attributes{};
    /// The permission bits of one of them, asked once when the group is made; 0: it is left out.
    std::function<uint32_t(const Device&, const Attribute&)> is_visible{};
};

/// Who asks for a group: it goes when that does.
enum class GroupOwner { Device, Class, Bus, Driver };

}  // namespace plugboard::device
