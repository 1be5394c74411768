// The core's checks of a filled state; some are shared with the legacy ioctls.
// Linux: drivers/gpu/drm/drm_atomic_helper.c
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "drm/atomic/state.h"

namespace plugboard::drm::atomic {

/// The order of checks of facts/kms.md section 4. Under the modeset lock. Linux:
/// drm_atomic_check_only
Result<void> check(State& state);

/// What becomes of a connector outside the request whose encoder the request wants.
enum class ForeignEncoder { Refuse, TakeOver };

/// No two connectors on one encoder. Linux: handle_conflicting_encoders
Result<void> check_encoders(State& state, ForeignEncoder foreign);

/// Whether a connector is on the CRTC once the state is installed.
bool has_connectors(State& state, const Crtc& crtc);

// "plane-0 (31)", as reasons name objects.
std::string name_of(const Plane& plane);
std::string name_of(const Colorop& colorop);
std::string name_of(const Crtc& crtc);
std::string name_of(const Connector& connector);
std::string name_of(const Framebuffer& fb);

/// ERANGE and ENOSPC of a plane's rectangles. Linux: __setplane_check, drm_atomic_plane_check
Result<void> check_rectangles(Request* request, const Plane& plane, const PlaneState& state);
/// EINVAL when the plane does not list the framebuffer's format and modifier.
Result<void> check_format(Request* request, const Plane& plane, const Framebuffer& fb);

}  // namespace plugboard::drm::atomic
