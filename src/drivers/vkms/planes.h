// The planes of a vkms device: what each can do, by layout, profile and features, and how far they
// scale.
// Linux: drivers/gpu/drm/vkms/vkms_plane.c
#pragma once

#include <optional>
#include <vector>

#include "drivers/vkms/config.h"
#include "drivers/vkms/layout.h"
#include "drm/atomic/state.h"
#include "drm/objects/plane.h"

namespace plugboard::vkms {

/// What the core makes of the layout's planes, in their order.
std::vector<drm::PlaneInfo> plane_infos(const Config& config, const Layout& layout);

/// ERANGE: the plane would scale, or, where planes scale, beyond 1/8 to 8 times its size.
/// Linux: drm_atomic_helper_check_plane_state
Result<void> check_scaling(drm::atomic::State& state, const drm::atomic::PlaneChange& change,
                           const Features& features);

/// With which filter a plane that can scale has to be read; none: pixel by pixel, as it is.
std::optional<drm::ScalingFilter> scaling_of(const drm::PlaneState& shown,
                                             const Features& features);

}  // namespace plugboard::vkms
