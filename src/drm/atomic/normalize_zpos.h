// Which plane of a CRTC is above which, from what clients have set of "zpos".
// Linux: drm_atomic_normalize_zpos() in drivers/gpu/drm/drm_blend.c
#pragma once

#include "drm/atomic/state.h"

namespace plugboard::drm::atomic {

/// Numbers the planes of each CRTC in the request by their zpos, those with the same by their id;
/// all planes of such a CRTC are pulled in. Nothing on a device whose planes have no zpos. Under
/// the modeset lock.
void normalize_zpos(State& state);

}  // namespace plugboard::drm::atomic
