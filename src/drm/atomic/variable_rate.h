// How long a CRTC may hold a picture whose screens' rate varies: VRR_ENABLED with vrr_capable.
// Linux: drivers do it, each for its hardware; drm_connector.c, "Variable refresh properties"
#pragma once

#include "drm/atomic/state.h"

namespace plugboard::drm::atomic {

/// Notes CrtcChange::longest_frame for each CRTC in the request. Under the modeset lock.
void note_longest_frames(State& state);

}  // namespace plugboard::drm::atomic
