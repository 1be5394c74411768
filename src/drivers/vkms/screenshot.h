// A picture of what a CRTC shows, for people and tests.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "drm/device.h"

namespace plugboard::vkms {

/// Red, green and blue bytes of each pixel, line after line without padding.
struct Image {
    uint32_t width = 0;  // pixels
    uint32_t height = 0;
    std::unique_ptr<uint8_t[]> storage;
    std::span<const uint8_t> rgb;  // 3 * width * height bytes of storage
};

/// Composed on the calling thread from what is latched: the next vblank would show it too. Any
/// thread. NoDev: gone; Inval: no vkms device, no such CRTC, or a frame too large to be composed;
/// Io: the CRTC is off (as for its CRC file); NoMem.
Result<Image> screenshot(drm::Device& device, uint32_t crtc);

}  // namespace plugboard::vkms
