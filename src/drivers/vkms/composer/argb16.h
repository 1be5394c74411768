// The pixel in which vkms composes: four 16-bit channels, alpha first.
// Linux: drivers/gpu/drm/vkms/vkms_drv.h
#pragma once

#include <cstdint>

namespace plugboard::vkms {

/// Colour is premultiplied by alpha. The order of members is the order of the CRC's bytes.
struct Argb16 {
    uint16_t a = 0;
    uint16_t r = 0;
    uint16_t g = 0;
    uint16_t b = 0;

    bool operator==(const Argb16&) const = default;
};
static_assert(sizeof(Argb16) == 8);

inline constexpr Argb16 opaque_black{.a = 0xffff, .r = 0, .g = 0, .b = 0};

}  // namespace plugboard::vkms
