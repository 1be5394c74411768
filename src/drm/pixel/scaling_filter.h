// How a plane makes pixels that lie between those of its picture: the values of SCALING_FILTER.
// Linux: include/drm/drm_crtc.h, enum drm_scaling_filter
#pragma once

#include <cstdint>

namespace plugboard::drm {

/// Values are the uAPI's.
enum class ScalingFilter : uint32_t {
    Default = 0,  // the driver's choice
    NearestNeighbor = 1,
};

}  // namespace plugboard::drm
