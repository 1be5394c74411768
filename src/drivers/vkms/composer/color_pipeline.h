// The colour pipeline of a plane: operations on its pixels before they are blended.
// Linux: drivers/gpu/drm/vkms/vkms_colorop.c, include/drm/drm_colorop.h
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "drivers/vkms/composer/argb16.h"
#include "drivers/vkms/composer/yuv_matrix.h"

namespace plugboard::vkms {

/// From y, u and v, which stand for red, green and blue until then.
struct FixedMatrix {
    ColorEncoding encoding = ColorEncoding::Bt601;
    ColorRange range = ColorRange::Full;
};

enum class Curve { SrgbEotf, SrgbInverseEotf };

/// Rows red, green and blue of 32.32 numbers: three factors, and a bias in units of full scale.
struct Matrix3x4 {
    std::array<int64_t, 12> factors{};

    /// The matrix in which each number is its sign and its size, as drm_color_ctm_3x4 has it.
    static Matrix3x4 from_sign_magnitude(std::span<const uint64_t, 12> numbers);
};

using ColorOperation = std::variant<FixedMatrix, Curve, Matrix3x4>;

/// Those operations that are not bypassed, in their order. Of a YUV picture the first is a
/// FixedMatrix: a plane with a pipeline has no other conversion.
struct ColorPipeline {
    std::vector<ColorOperation> operations;
};

/// Colours only, and only once cut to 16 bits: at the end. A curve takes the lowest 16 bits.
void apply_pipeline(const ColorPipeline& pipeline, std::span<Argb16> line);

}  // namespace plugboard::vkms
