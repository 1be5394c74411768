// What RMFB and close() do to the planes that show the framebuffer.
// Linux: atomic_remove_fb() in drivers/gpu/drm/drm_framebuffer.c
#pragma once

#include "drm/device.h"
#include "drm/objects/framebuffer.h"

namespace plugboard::drm::atomic {

/// Takes the framebuffer off every plane that shows it and waits for that as commit_internal()
/// does. Never fails: what the driver refuses is done with the CRTC off.
void disable_framebuffer(Device& device, Framebuffer& fb);

}  // namespace plugboard::drm::atomic
