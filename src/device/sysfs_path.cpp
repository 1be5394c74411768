#include "device/sysfs_path.h"

namespace plugboard::device {

std::string relative_target(std::string_view folder, std::string_view target) {
    std::string up;
    for (;;) {
        // Climb until the folder is one that the target lies in.
        const bool holds_target = target.size() > folder.size() && target.starts_with(folder) &&
                                  target[folder.size()] == '/';
        if (holds_target) return up + std::string(target.substr(folder.size() + 1));
        folder = folder.substr(0, folder.rfind('/'));
        up += "../";
    }
}

bool names_clash(std::string_view one, std::string_view other) {
    if (one.size() > other.size()) std::swap(one, other);
    return other.starts_with(one) && (other.size() == one.size() || other[one.size()] == '/');
}

}  // namespace plugboard::device
