#include "drivers/vkms/composer/ctm.h"

#include <algorithm>
#include <cstddef>

namespace plugboard::vkms {
namespace {

constexpr int fraction_bits = 32;

/// The whole part of a factor and its fraction apart, so that their sums fit into 64 bits.
struct CtmFactor {
    int64_t whole = 0, fraction = 0;

    explicit CtmFactor(uint64_t number) {
        constexpr uint64_t sign_bit = uint64_t{1} << 63;
        const int64_t sign = (number & sign_bit) != 0 ? -1 : 1;
        whole = sign * static_cast<int64_t>((number & ~sign_bit) >> fraction_bits);
        fraction = sign * static_cast<int64_t>(number & 0xffff'ffff);
    }
};

uint16_t ctm_channel(const uint64_t* row, const Argb16& pixel) {
    const int64_t channels[] = {pixel.r, pixel.g, pixel.b};
    int64_t whole = 0;
    int64_t fraction = int64_t{1} << (fraction_bits - 1);  // a half
    for (size_t i = 0; i < 3; ++i) {
        const CtmFactor factor(row[i]);
        whole += factor.whole * channels[i];
        fraction += factor.fraction * channels[i];
    }
    return static_cast<uint16_t>(
        std::clamp<int64_t>(whole + (fraction >> fraction_bits), 0, 0xffff));
}

}  // namespace

Ctm Ctm::from(const drm_color_ctm& matrix) {
    Ctm ctm;
    std::copy(std::begin(matrix.matrix), std::end(matrix.matrix), ctm.factors.begin());
    return ctm;
}

void apply_ctm(const Ctm& ctm, std::span<Argb16> line) {
    for (Argb16& pixel : line) {
        const uint64_t* rows = ctm.factors.data();
        pixel = {.a = pixel.a,
                 .r = ctm_channel(rows, pixel),
                 .g = ctm_channel(rows + 3, pixel),
                 .b = ctm_channel(rows + 6, pixel)};
    }
}

}  // namespace plugboard::vkms
