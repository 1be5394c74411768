// What a CRTC shows, as the commit left it, and how that becomes a scene for a composer.
// Linux: drivers/gpu/drm/vkms/vkms_crtc.c, struct vkms_crtc_state
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ref.h"
#include "base/result.h"
#include "drivers/vkms/composer/fast_composer.h"
#include "drivers/vkms/composer/scene.h"
#include "drm/objects/blob.h"
#include "drm/objects/framebuffer.h"
#include "drm/pixel/geometry.h"
#include "drm/pixel/rotation.h"

namespace plugboard::vkms {

struct ShownPlane {
    Ref<drm::Framebuffer> fb;
    drm::FixedRect source;
    drm::Rect destination;
    drm::Rotation rotation{};
    ColorEncoding encoding = ColorEncoding::Bt601;
    ColorRange range = ColorRange::Full;
    uint16_t alpha = drm::opaque_alpha;
    drm::BlendMode blend_mode = drm::BlendMode::Premultiplied;
    std::optional<drm::ScalingFilter> scaling{};  // none: as large as the source
    std::optional<ColorPipeline> pipeline{};
};

/// A value, constant once latched. Its framebuffers' pixels are those of the moment they are read.
struct Frame {
    drm::Size size;                  // of the mode
    std::vector<ShownPlane> planes;  // from the lowest to the highest
    MaybeRef<drm::Blob> degamma{}, ctm{}, gamma{};
    Argb16 background = opaque_black;
};

/// A frame as a composer takes it, borrowing from it. ENOMEM: a buffer cannot be mapped.
Result<std::vector<ScenePlane>> scene_planes(const Frame& frame);
Scene scene_of(const Frame& frame, std::span<const ScenePlane> planes);
/// EINVAL: a format the composer does not know; ENOMEM: a buffer cannot be mapped.
Result<void> compose(FastComposer& composer, const Frame& frame, const Outputs& outputs);
/// As the composer's own.
Result<void> compose(FastComposer& composer, const Frame& frame, uint32_t& crc, KeptCrcs& kept);

/// The framebuffer's first plane as something to fill. ENOMEM: it cannot be mapped.
Result<TargetImage> target_of(const drm::Framebuffer& fb);

}  // namespace plugboard::vkms
