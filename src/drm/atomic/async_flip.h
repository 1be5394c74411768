// Flips that wait for no vblank: what such a request may change.
// Linux: drm_atomic_set_property(), set_async_flip() in drivers/gpu/drm/drm_atomic_uapi.c
#pragma once

#include "drm/atomic/state.h"

namespace plugboard::drm::atomic {

/// Makes the filled request an asynchronous flip. Inval: it changes more than the framebuffer, its
/// fence and its damage, or those of a plane that is no primary one. Under the modeset lock.
Result<void> make_async(State& state);

}  // namespace plugboard::drm::atomic
