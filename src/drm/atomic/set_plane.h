// What SETPLANE and the cursor calls share: one plane, at once.
// Linux: __setplane_check(), drm_atomic_helper_update_plane(), __drm_atomic_helper_disable_plane()
#pragma once

#include "drm/atomic/state.h"
#include "drm/request.h"

namespace plugboard::drm::atomic {

/// What the plane is to show. No framebuffer: nothing.
struct WantedPlane {
    Crtc* crtc = nullptr;
    MaybeRef<Framebuffer> fb{};
    Rect destination{};
    FixedRect source{};
};

/// Inval, Range, NoSpc.
Result<void> check_wanted(Request* request, const Plane& plane, const WantedPlane& wanted);
void fill(State& state, Plane& plane, const WantedPlane& wanted);

}  // namespace plugboard::drm::atomic
