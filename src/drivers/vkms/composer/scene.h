// What a composer is given and what it has to produce: plain data, the same for every composer.
// Linux: drivers/gpu/drm/vkms/vkms_drv.h
#pragma once

#include <drm_mode.h>

#include <cstdint>
#include <optional>
#include <span>

#include "base/result.h"
#include "drivers/vkms/composer/argb16.h"
#include "drivers/vkms/composer/color_pipeline.h"
#include "drivers/vkms/composer/ctm.h"
#include "drivers/vkms/composer/source_image.h"
#include "drivers/vkms/composer/source_walk.h"
#include "drm/pixel/blend_mode.h"
#include "drm/pixel/geometry.h"
#include "drm/pixel/rotation.h"
#include "drm/pixel/scaling_filter.h"

namespace plugboard::vkms {

/// A visible plane. Without `scaling`: unrotated, each destination pixel shows the source pixel at
/// the same distance from the corner; a fraction in the source's corner is cut off.
struct ScenePlane {
    SourceImage image;
    drm::FixedRect source;
    drm::Rect destination;
    drm::Rotation rotation{};
    const ColorPipeline* pipeline = nullptr;  // null: none
    uint16_t alpha = drm::opaque_alpha;
    drm::BlendMode blend_mode = drm::BlendMode::Premultiplied;
    std::optional<drm::ScalingFilter> scaling{};  // all of the source on all of the destination
};

/// Where the pixels lie that line `y` of the screen shows of the plane, from column `x` on.
SourceWalk walk_through(const ScenePlane& plane, int64_t x, int64_t y);

/// What the BACKGROUND_COLOR property's 16 bits each of alpha, red, green and blue show: a screen
/// is opaque.
constexpr Argb16 background_color(uint64_t argb) {
    return {.a = 0xffff,
            .r = static_cast<uint16_t>(argb >> 32),
            .g = static_cast<uint16_t>(argb >> 16),
            .b = static_cast<uint16_t>(argb)};
}

/// One frame: the background, the planes over it from the first to the last, what their colors go
/// through then.
struct Scene {
    drm::Size size;
    Argb16 background = opaque_black;
    std::span<const ScenePlane> planes{};
    std::span<const drm_color_lut> gamma{};  // empty: none
    // Before it, in this order.
    std::span<const drm_color_lut> degamma{};  // empty: none
    std::optional<Ctm> ctm{};
};

/// A picture to fill, of the scene's size: a writeback framebuffer or a screenshot.
/// What lies outside its bytes is left out.
struct TargetImage {
    uint32_t format = 0;
    WritablePlaneMemory memory;
};

/// What one pass over the scene produces; what is not wanted is not computed.
struct Outputs {
    uint32_t* crc = nullptr;
    std::span<const TargetImage> images;
};

/// EINVAL if a plane's or a target's format is not supported.
Result<void> validate(const Scene& scene, const Outputs& outputs);

}  // namespace plugboard::vkms
