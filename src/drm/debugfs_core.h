// The core's texts below /sys/kernel/debug/dri: name, clients, gem_names, framebuffer, state.
// Linux: drivers/gpu/drm/drm_debugfs.c, drm_atomic.c, drm_framebuffer.c
#pragma once

#include "drm/device.h"

namespace plugboard::drm {

/// Their functions use the device: whoever calls them holds a reference on it.
void add_core_debug_files(Device& device);
/// Those of the encoders, once they are there.
void add_encoder_debug_files(Device& device);

}  // namespace plugboard::drm
