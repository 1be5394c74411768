// From luma and chroma to red, green and blue, with the kernel's coefficients and roundings.
// Linux: drivers/gpu/drm/vkms/vkms_formats.c
#pragma once

#include <array>
#include <cstdint>

#include "drm/pixel/color.h"

namespace plugboard::vkms {

using drm::ColorEncoding, drm::ColorRange;

/// Of u and v, among samples of 16 bits.
inline constexpr int32_t chroma_zero = 128 * 257;

/// Samples of 16 bits; those of 8 are multiplied by 257.
struct Yuv16 {
    uint16_t y = 0;
    uint16_t u = 0;
    uint16_t v = 0;
};

/// Coefficients in 32.32: rows red, green, blue; columns of what is left of y, u and v when
/// their zeros are taken away.
struct YuvMatrix {
    std::array<std::array<int64_t, 3>, 3> rows;
    int32_t y_zero = 0;

    /// Red, green and blue, which may lie outside 16 bits.
    std::array<int32_t, 3> convert(const Yuv16& yuv) const;
};

const YuvMatrix& yuv_matrix(ColorEncoding encoding, ColorRange range);

}  // namespace plugboard::vkms
