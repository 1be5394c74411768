// Ioctls by what people call them.
#pragma once

#include <string_view>

#include "uapi/ioctl_table.h"

namespace plugboard::uapi {

/// The core ioctl of that name, with or without DRM_IOCTL_: "MODE_ATOMIC". Null: there is none.
const Ioctl* find_ioctl_named(std::string_view name);

}  // namespace plugboard::uapi
