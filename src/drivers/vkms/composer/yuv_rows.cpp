// Reads rows of YUV pictures that are wholly in memory, by tables instead of products.
// Linux: drivers/gpu/drm/vkms/vkms_formats.c
#include "drivers/vkms/composer/yuv_rows.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <vector>

#include "drivers/vkms/composer/fixed_point.h"
#include "drivers/vkms/composer/little_endian.h"
#include "drivers/vkms/composer/vector_lines.h"
#include "drm/pixel/format.h"

namespace plugboard::vkms {
namespace {

YuvFactors factors_of(const YuvMatrix& matrix) {
    const auto& rows = matrix.rows;
    return {.luma = YuvFactor(rows[0][0]),
            .v_to_red = YuvFactor(rows[0][2]),
            .u_to_green = YuvFactor(rows[1][1]),
            .v_to_green = YuvFactor(rows[1][2]),
            .u_to_blue = YuvFactor(rows[2][1]),
            .luma_zero = matrix.y_zero};
}

YuvProducts products_of(const YuvFactors& factors) {
    YuvProducts products{};
    for (int32_t level = 0; level < 256; ++level) {
        const auto i = static_cast<size_t>(level);
        const int32_t chroma = level * 257 - chroma_zero;
        products.luma[i] = factors.luma.times(level * 257 - factors.luma_zero);
        products.v_to_red[i] = factors.v_to_red.times(chroma);
        products.u_to_green[i] = factors.u_to_green.times(chroma);
        products.v_to_green[i] = factors.v_to_green.times(chroma);
        products.u_to_blue[i] = factors.u_to_blue.times(chroma);
    }
    return products;
}

constexpr size_t encodings = 3, ranges = 2;

size_t place_of(ColorEncoding encoding, ColorRange range) {
    return static_cast<size_t>(encoding) * ranges + static_cast<size_t>(range);
}

/// make(encoding, range) for all, in the order of place_of().
template <class T, class Make>
std::vector<T> make_all(Make make) {
    std::vector<T> all;
    for (uint32_t encoding = 0; encoding < encodings; ++encoding) {
        for (uint32_t range = 0; range < ranges; ++range)
            all.push_back(make(ColorEncoding{encoding}, ColorRange{range}));
    }
    return all;
}

/// What the chroma of a pixel adds to its luma.
struct ChromaTerms {
    int64_t red, green, blue;
};

// So that what is below the point is rounded when the parts are joined: the luma's has it.
constexpr int64_t half_of_one = fixed_one / 2;

class Levels8 {
  public:
    static constexpr uint32_t bytes = 1;
    explicit Levels8(const SourceImage& image)
        : products_(yuv_products(image.encoding, image.range)) {}
    void luma(const std::byte* at, std::span<int64_t> parts) const {
        for (int64_t& part : parts) part = products_.luma[level(at++)] + half_of_one;
    }
    ChromaTerms chroma(const std::byte* u, const std::byte* v) const {
        return {.red = products_.v_to_red[level(v)],
                .green = products_.u_to_green[level(u)] + products_.v_to_green[level(v)],
                .blue = products_.u_to_blue[level(u)]};
    }

  private:
    static size_t level(const std::byte* at) { return std::to_integer<size_t>(*at); }
    const YuvProducts& products_;
};

class Levels16 {
  public:
    static constexpr uint32_t bytes = 2;
    explicit Levels16(const SourceImage& image)
        : factors_(yuv_factors(image.encoding, image.range)), whole_(factors_.luma.whole()) {}
    void luma(const std::byte* at, std::span<int64_t> parts) const {
        const auto sample = [&](size_t i) {
            return load_little<uint16_t>(at + i * bytes) - factors_.luma_zero;
        };
        if (whole_) {
            for (size_t i = 0; i < parts.size(); ++i) parts[i] = *whole_ * sample(i) + half_of_one;
        } else {
            for (size_t i = 0; i < parts.size(); ++i)
                parts[i] = factors_.luma.times(sample(i)) + half_of_one;
        }
    }
    ChromaTerms chroma(const std::byte* u_at, const std::byte* v_at) const {
        const int32_t u = load_little<uint16_t>(u_at) - chroma_zero;
        const int32_t v = load_little<uint16_t>(v_at) - chroma_zero;
        const size_t u_width = YuvFactor::width_of(u), v_width = YuvFactor::width_of(v);
        return {
            .red = factors_.v_to_red.times(v, v_width),
            .green = factors_.u_to_green.times(u, u_width) + factors_.v_to_green.times(v, v_width),
            .blue = factors_.u_to_blue.times(u, u_width)};
    }

  private:
    const YuvFactors& factors_;
    const std::optional<int64_t> whole_;  // the luma's
};

/// Where the samples of a row begin, and how far it is from one to the next.
struct ChromaRow {
    const std::byte *u = nullptr, *v = nullptr;
    size_t step = 0;
};

// So many pixels' parts lie in the first cache.
constexpr size_t block_pixels = 256;
using Parts = std::array<int64_t, block_pixels>;

template <class Levels>
void read_block(const Levels& levels, const std::byte* luma, const ChromaRow& row, uint32_t x,
                uint32_t hshift, std::span<Argb16> pixels) {
    Parts lumas;
    std::array<int64_t, block_pixels + 1> reds, greens, blues;  // of a sample of chroma each
    levels.luma(luma, std::span(lumas).first(pixels.size()));
    const uint32_t sharing = 1U << hshift;
    const uint32_t skipped = x % sharing;
    const size_t samples = (skipped + pixels.size() + sharing - 1) >> hshift;
    const std::byte* u = row.u + (x >> hshift) * row.step;
    const std::byte* v = row.v + (x >> hshift) * row.step;
    for (size_t i = 0; i < samples; ++i) {
        const ChromaTerms terms = levels.chroma(u, v);
        reds[i] = terms.red;
        greens[i] = terms.green;
        blues[i] = terms.blue;
        u += row.step;
        v += row.step;
    }
    join_colors({.luma = lumas.data(),
                 .red = reds.data(),
                 .green = greens.data(),
                 .blue = blues.data(),
                 .hshift = hshift,
                 .skipped = skipped},
                pixels);
}

template <class Levels>
void read_pixels(const Levels& levels, const std::byte* luma, const ChromaRow& row, uint32_t x,
                 uint32_t hshift, std::span<Argb16> pixels) {
    while (!pixels.empty()) {
        const auto block = pixels.first(std::min(pixels.size(), block_pixels));
        read_block(levels, luma, row, x, hshift, block);
        luma += block.size() * Levels::bytes;
        x += static_cast<uint32_t>(block.size());
        pixels = pixels.subspan(block.size());
    }
}

}  // namespace

YuvFactor::YuvFactor(int64_t number) {
    // With a sample of w bits the product has an excess of bits; half of it, rounded up, is taken
    // from the number. The other half comes from the sample's 32 zeros below the point.
    const auto size = static_cast<uint64_t>(std::llabs(number));
    for (int width = 1; size != 0 && width < static_cast<int>(by_width_.size()); ++width) {
        const int number_bits = static_cast<int>(std::bit_width(size));
        const int excess = (number_bits - 1) + (width - 1) + 32 - 61;
        const int cut = excess > 0 ? (excess + 1) / 2 : 0;
        by_width_[static_cast<size_t>(width)] = number >> cut << cut;
    }
}

std::optional<int64_t> YuvFactor::whole() const {
    const int64_t number = by_width_[1];
    const bool is_same = std::all_of(by_width_.begin() + 1, by_width_.end(),
                                     [&](int64_t each) { return each == number; });
    return is_same ? std::optional(number) : std::nullopt;
}

const YuvFactors& yuv_factors(ColorEncoding encoding, ColorRange range) {
    static const auto all =
        make_all<YuvFactors>([](auto... of) { return factors_of(yuv_matrix(of...)); });
    return all[place_of(encoding, range)];
}

const YuvProducts& yuv_products(ColorEncoding encoding, ColorRange range) {
    static const auto all =
        make_all<YuvProducts>([](auto... of) { return products_of(yuv_factors(of...)); });
    return all[place_of(encoding, range)];
}

YuvRows::YuvRows(const SourceImage& image)
    : image_(image), layout_(*find_yuv_layout(image.format)) {
    const drm::FormatInfo& info = *drm::find_format(image.format);
    hshift_ = info.hsub - 1U;
    vshift_ = info.vsub - 1U;
}

void YuvRows::read(uint32_t x, uint32_t y, std::span<Argb16> pixels) const {
    if (pixels.empty()) return;
    const auto row_at = [&](size_t plane, uint32_t line) {
        const PlaneMemory& memory = image_.planes[plane];
        return memory.bytes.data() + memory.offset + size_t{line} * memory.pitch;
    };
    const uint32_t size = layout_.sample_bytes;
    const std::byte* first = row_at(1, y >> vshift_);
    const std::byte* second = layout_.planes == 2 ? first + size : row_at(2, y >> vshift_);
    const ChromaRow row{.u = layout_.v_is_first ? second : first,
                        .v = layout_.v_is_first ? first : second,
                        .step = size_t{layout_.planes == 2 ? 2U : 1U} * size};
    const std::byte* luma = row_at(0, y) + size_t{x} * size;
    if (size == 1) {
        read_pixels(Levels8(image_), luma, row, x, hshift_, pixels);
    } else {
        read_pixels(Levels16(image_), luma, row, x, hshift_, pixels);
    }
}

}  // namespace plugboard::vkms
