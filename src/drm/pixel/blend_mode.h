// How a plane's pixels and what lies below them become one: the values of "pixel blend mode".
// Linux: drivers/gpu/drm/drm_blend.c
#pragma once

#include <cstdint>

namespace plugboard::drm {

/// Values are the uAPI's.
enum class BlendMode : uint32_t {
    Premultiplied = 0,  // colors have been multiplied by alpha
    Coverage = 1,       // they have not
    None = 2,           // the pixels' alpha counts for nothing
};

inline constexpr uint16_t opaque_alpha = 0xffff;  // of a plane as a whole

}  // namespace plugboard::drm
