// Removal of framebuffers that may be shown.
// Linux: drivers/gpu/drm/drm_framebuffer.c, drm_framebuffer_remove
#pragma once

#include <vector>

#include "drm/device.h"
#include "drm/objects/framebuffer.h"

namespace plugboard::drm {

/// Takes each off what shows it and drops it; waits, never fails.
void remove_framebuffers(Device& device, std::vector<Ref<Framebuffer>> fbs);

}  // namespace plugboard::drm
