// Modes as a client passes them in.
#pragma once

#include <drm_mode.h>

namespace plugboard::tests {

/// Both at 60 Hz, with VESA's timings.
drm_mode_modeinfo mode_1024x768();
drm_mode_modeinfo mode_800x600();

}  // namespace plugboard::tests
