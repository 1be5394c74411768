#include "uapi/ioctl_names.h"

#include <algorithm>

namespace plugboard::uapi {
namespace {

constexpr std::string_view ioctl_prefix = "DRM_IOCTL_";

}  // namespace

const Ioctl* find_ioctl_named(std::string_view name) {
    if (name.starts_with(ioctl_prefix)) name.remove_prefix(ioctl_prefix.size());
    const auto row = std::find_if(ioctls_begin(), ioctls_end(), [&](const Ioctl& one) {
        return one.command != 0 && one.name == name;
    });
    return row == ioctls_end() ? nullptr : &*row;
}

}  // namespace plugboard::uapi
