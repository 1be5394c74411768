// The part of an ioctl's argument that only its device can name: objects, properties, their values.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "drm/device.h"
#include "drm/request.h"

namespace plugboard::drm {

/// Of ATOMIC ("crtc-0 (34): MODE_ID=blob 41 (1024x768@60) ACTIVE=1; plane-0 (31): FB_ID=40"),
/// SETPROPERTY, OBJ_SETPROPERTY and CREATEPROPBLOB (a mode); empty for all others. As far as the
/// caller's arrays can be read.
std::string settings_text(Request& request, Device& device, std::span<const std::byte> argument);

}  // namespace plugboard::drm
