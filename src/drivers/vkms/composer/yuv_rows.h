// Reads rows of YUV pictures that are wholly in memory, by tables instead of products.
// Linux: drivers/gpu/drm/vkms/vkms_formats.c
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>

#include "drivers/vkms/composer/argb16.h"
#include "drivers/vkms/composer/source_image.h"
#include "drivers/vkms/composer/yuv_matrix.h"
#include "drivers/vkms/composer/yuv_reader.h"

namespace plugboard::vkms {

/// What a matrix's numbers make of samples of 16 bits: as multiply_fixed(), which takes the lowest
/// bits from a number before it multiplies, the more the larger the sample is.
class YuvFactor {
  public:
    explicit YuvFactor(int64_t number);
    /// How many bits the sample has, of 17 at most; 1 for 0, whose product is 0 anyway.
    static size_t width_of(int32_t sample) {
        return static_cast<size_t>(std::bit_width(static_cast<uint32_t>(std::abs(sample)) | 1));
    }
    /// multiply_fixed(number, sample << 32) of a sample so wide.
    int64_t times(int32_t sample, size_t width) const { return by_width_[width] * sample; }
    int64_t times(int32_t sample) const { return times(sample, width_of(sample)); }
    /// The number itself, if no sample takes a bit from it that is set.
    std::optional<int64_t> whole() const;

  private:
    std::array<int64_t, 18> by_width_{};  // of the sample, in bits
};

/// The five numbers of a matrix that are not 0.
struct YuvFactors {
    YuvFactor luma, v_to_red, u_to_green, v_to_green, u_to_blue;
    int32_t luma_zero = 0;
};

/// The products with each level of 8 bits.
struct YuvProducts {
    std::array<int64_t, 256> luma, v_to_red, u_to_green, v_to_green, u_to_blue;
};

const YuvFactors& yuv_factors(ColorEncoding encoding, ColorRange range);
const YuvProducts& yuv_products(ColorEncoding encoding, ColorRange range);

/// Borrows the image, all of whose bytes are there.
class YuvRows {
  public:
    explicit YuvRows(const SourceImage& image);
    /// The pixels from (x, y) on to the right lie within the picture.
    void read(uint32_t x, uint32_t y, std::span<Argb16> pixels) const;

  private:
    const SourceImage& image_;
    const YuvLayout& layout_;
    uint32_t hshift_ = 0, vshift_ = 0;  // 1: two pixels share a sample
};

}  // namespace plugboard::vkms
