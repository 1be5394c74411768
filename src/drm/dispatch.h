// The table of handlers: which core ioctls are served.
// Linux: drivers/gpu/drm/drm_ioctl.c
#pragma once

#include <cstdint>

namespace plugboard::drm {

/// Whether the number has a handler; every row of the uAPI's table must.
bool has_handler(uint32_t number);

}  // namespace plugboard::drm
