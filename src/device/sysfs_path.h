// Where things are in sysfs.
// Linux: kernfs_get_target_path in fs/kernfs/symlink.c
#pragma once

#include <string>
#include <string_view>

namespace plugboard::device {

/// What a symlink in the folder says to lead to the target; both absolute: "../../devices/x".
std::string relative_target(std::string_view folder, std::string_view target);

/// Two names in one folder, which may have folders themselves, are the same, or one is a folder
/// that the other lies in.
bool names_clash(std::string_view one, std::string_view other);

}  // namespace plugboard::device
