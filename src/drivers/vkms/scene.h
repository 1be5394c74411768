// What a composer is given and what it has to produce: plain data, the same for every composer.
// Linux: drivers/gpu/drm/vkms/vkms_drv.h
#pragma once

#include <drm_mode.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "drivers/vkms/argb16.h"
#include "drm/pixel/format.h"
#include "drm/pixel/geometry.h"

namespace plugboard::vkms {

/// Where one colour plane of a picture lies. Clients may write to the bytes at any time.
template <class Byte>
struct BasicPlaneMemory {
    std::span<Byte> bytes;
    uint32_t offset = 0;
    uint32_t pitch = 0;
};
using PlaneMemory = BasicPlaneMemory<const std::byte>;
using WritablePlaneMemory = BasicPlaneMemory<std::byte>;

/// A framebuffer to read. Pixels outside its size or its bytes count as transparent.
struct SourceImage {
    uint32_t format = 0;
    drm::Size size;
    std::array<PlaneMemory, drm::max_planes> planes;
};

/// A visible plane. No scaling: each destination pixel shows the source pixel at the same
/// distance from the corner; a fraction in the source's corner is cut off.
struct ScenePlane {
    SourceImage image;
    drm::FixedRect source;
    drm::Rect destination;
};

/// One frame: the background, the planes over it from the first to the last, the gamma table.
struct Scene {
    drm::Size size;
    Argb16 background = opaque_black;
    std::span<const ScenePlane> planes;
    std::span<const drm_color_lut> gamma;  // empty: none
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
