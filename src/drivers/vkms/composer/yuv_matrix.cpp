#include "drivers/vkms/composer/yuv_matrix.h"

#include <cstddef>

#include "drivers/vkms/composer/fixed_point.h"

namespace plugboard::vkms {
namespace {

struct Chroma {
    int64_t v_to_red;
    int64_t u_to_green;
    int64_t v_to_green;
    int64_t u_to_blue;
};

constexpr YuvMatrix with_luma(int64_t luma, int32_t y_zero, const Chroma& chroma) {
    return {.rows = {{{luma, 0, chroma.v_to_red},
                      {luma, chroma.u_to_green, chroma.v_to_green},
                      {luma, chroma.u_to_blue, 0}}},
            .y_zero = y_zero};
}

constexpr YuvMatrix full(const Chroma& chroma) {
    return with_luma(fixed_one, 0, chroma);
}

constexpr YuvMatrix limited(const Chroma& chroma) {
    return with_luma(5020601039, 16 * 257, chroma);
}

/// By encoding, then by range.
constexpr YuvMatrix yuv_matrices[3][2] = {
    {limited({6881764740, -1689204679, -3505362278, 8697922339}),
     full({6021544149, -1478054095, -3067191994, 7610682049})},
    {limited({7729959424, -919487572, -2297803934, 9108275786}),
     full({6763714498, -804551626, -2010578443, 7969741314})},
    {limited({7238124312, -807714626, -2804506279, 9234915964}),
     full({6333358775, -706750298, -2453942994, 8080551471})},
};

}  // namespace

std::array<int32_t, 3> YuvMatrix::convert(const Yuv16& yuv) const {
    const std::array<int64_t, 3> samples = {(yuv.y - y_zero) * fixed_one,
                                            (yuv.u - chroma_zero) * fixed_one,
                                            (yuv.v - chroma_zero) * fixed_one};
    std::array<int32_t, 3> colors{};
    for (size_t i = 0; i < colors.size(); ++i) {
        int64_t sum = 0;
        for (size_t k = 0; k < samples.size(); ++k) sum += multiply_fixed(rows[i][k], samples[k]);
        colors[i] = static_cast<int32_t>(round_fixed(sum));
    }
    return colors;
}

const YuvMatrix& yuv_matrix(ColorEncoding encoding, ColorRange range) {
    return yuv_matrices[static_cast<size_t>(encoding)][static_cast<size_t>(range)];
}

}  // namespace plugboard::vkms
