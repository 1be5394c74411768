#include "drivers/vkms/composer/color_pipeline.h"

#include <drm_mode.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "drivers/vkms/composer/fixed_point.h"
#include "drivers/vkms/composer/gamma.h"

namespace plugboard::vkms {
namespace {

using Colors = std::array<int32_t, 3>;
using CurveTable = std::array<drm_color_lut, 256>;

double srgb_eotf(double x) {
    return x <= 0.04045 ? x / 12.92 : std::pow((x + 0.055) / 1.055, 2.4);
}

double srgb_inverse_eotf(double x) {
    return x <= 0.0031308 ? x * 12.92 : 1.055 * std::pow(x, 1 / 2.4) - 0.055;
}

CurveTable sampled(double (*curve)(double)) {
    CurveTable table{};
    for (size_t i = 0; i < table.size(); ++i) {
        const auto level =
            static_cast<uint16_t>(std::lround(curve(static_cast<double>(i) / 255) * 0xffff));
        table[i] = {.red = level, .green = level, .blue = level, .reserved = 0};
    }
    return table;
}

std::span<const drm_color_lut> table_of(Curve curve) {
    static const CurveTable eotf = sampled(srgb_eotf);
    static const CurveTable inverse = sampled(srgb_inverse_eotf);
    return curve == Curve::SrgbEotf ? eotf : inverse;
}

Colors through(const FixedMatrix& fixed, const Colors& in) {
    return yuv_matrix(fixed.encoding, fixed.range)
        .convert({.y = static_cast<uint16_t>(in[0]),
                  .u = static_cast<uint16_t>(in[1]),
                  .v = static_cast<uint16_t>(in[2])});
}

Colors through(Curve curve, const Colors& in) {
    const auto table = table_of(curve);
    Colors out{};
    for (size_t i = 0; i < out.size(); ++i)
        out[i] = look_up(table, &drm_color_lut::red, static_cast<uint16_t>(in[i]));
    return out;
}

/// Sums that leave 64 bits wrap, as the kernel's do.
Colors through(const Matrix3x4& matrix, const Colors& in) {
    Colors out{};
    for (size_t row = 0; row < out.size(); ++row) {
        const int64_t* factors = &matrix.factors[row * 4];
        auto sum = static_cast<uint64_t>(multiply_fixed(factors[3], 0xffff * fixed_one));
        for (size_t i = 0; i < in.size(); ++i)
            sum += static_cast<uint64_t>(multiply_fixed(factors[i], in[i] * fixed_one));
        const uint64_t rounded = sum + static_cast<uint64_t>(fixed_one / 2);
        out[row] = static_cast<int32_t>(static_cast<int64_t>(rounded) >> 32);
    }
    return out;
}

uint16_t cut_channel(int32_t value) {
    return static_cast<uint16_t>(std::clamp(value, 0, 0xffff));
}

}  // namespace

Matrix3x4 Matrix3x4::from_sign_magnitude(std::span<const uint64_t, 12> numbers) {
    constexpr uint64_t sign = uint64_t{1} << 63;
    Matrix3x4 matrix;
    for (size_t i = 0; i < numbers.size(); ++i) {
        const auto size = static_cast<int64_t>(numbers[i] & ~sign);
        matrix.factors[i] = (numbers[i] & sign) != 0 ? -size : size;
    }
    return matrix;
}

void apply_pipeline(const ColorPipeline& pipeline, std::span<Argb16> line) {
    for (Argb16& pixel : line) {
        Colors colors = {pixel.r, pixel.g, pixel.b};
        for (const ColorOperation& operation : pipeline.operations) {
            colors = std::visit([&](const auto& op) { return through(op, colors); }, operation);
        }
        pixel.r = cut_channel(colors[0]);
        pixel.g = cut_channel(colors[1]);
        pixel.b = cut_channel(colors[2]);
    }
}

}  // namespace plugboard::vkms
