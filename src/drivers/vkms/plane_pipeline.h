// The color pipelines that vkms's planes offer, and what a commit makes of one for the composer.
// Linux: drivers/gpu/drm/vkms/vkms_colorop.c, vkms_plane.c
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "drivers/vkms/composer/color_pipeline.h"
#include "drm/atomic/state.h"
#include "drm/objects/colorop.h"

namespace plugboard::vkms {

/// Each plane's, in their order.
std::vector<drm::ColoropType> color_operations();

/// EINVAL: the picture is YUV, and what the plane would do to it first is not to make it RGB.
Result<void> check_color_pipeline(drm::atomic::State& state,
                                  const drm::atomic::PlaneChange& change);

/// The operations of the pipeline that the plane will have: a frame is latched with them.
/// Linux: drm_atomic_add_affected_colorops
void pull_in_pipeline(drm::atomic::State& state, const drm::atomic::PlaneChange& change);

/// Of a plane whose pipeline was pulled in; nothing: it has none.
std::optional<ColorPipeline> color_pipeline_of(drm::atomic::State& state,
                                               const drm::PlaneState& shown);

}  // namespace plugboard::vkms
