// The inner loops of the fast composer, in the widest vectors that the machine has.
// Linux: drivers/gpu/drm/vkms/vkms_formats.c, vkms_composer.c
#include "drivers/vkms/composer/vector_lines.h"

#include <drm_fourcc.h>

#include <algorithm>

#include "drivers/vkms/composer/blend.h"
#include "drivers/vkms/composer/little_endian.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "drivers/vkms/composer/vector_lines.cpp"
// clang-format off
#include <hwy/foreach_target.h>  // compiles what follows once for each kind of machine
#include <hwy/cache_control.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace plugboard::vkms {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

// No vectors: the plain loops do all.
size_t read_some(uint32_t, const std::byte*, Argb16*, size_t) {
    return 0;
}
size_t blend_some(const Argb16*, Argb16*, size_t) {
    return 0;
}
size_t write_some(uint32_t, const Argb16*, std::byte*, size_t) {
    return 0;
}
size_t copy_some(const std::byte*, std::byte*, size_t) {
    return 0;
}
size_t join_some(const ColorParts&, Argb16*, size_t) {
    return 0;
}

#else

namespace hn = hwy::HWY_NAMESPACE;

// A vector holds as many whole pixels of a line as it has words of 64 bits.
using Pixels = hn::ScalableTag<uint64_t>;
using Channels = hn::Repartition<uint16_t, Pixels>;
using Bytes = hn::Repartition<uint8_t, Pixels>;
using Halves = hn::Rebind<uint32_t, Pixels>;  // a pixel of 32 bits for each
using Channel = hn::VFromD<Channels>;

/// For each 16 bytes of a vector, that is two pixels, which of them goes where.
struct Order {
    uint8_t bytes[16];
};

template <class V>
HWY_INLINE V shuffle(V vector, const Order& order) {
    const hn::DFromV<V> tag;
    const auto table = hn::LoadDup128(Bytes(), order.bytes);
    return hn::BitCast(tag, hn::TableLookupBytes(hn::BitCast(Bytes(), vector), table));
}

/// The alpha of each pixel all ones, the rest zeros.
HWY_INLINE Channel alpha_ones() {
    return hn::BitCast(Channels(), hn::Set(Pixels(), uint64_t{0xffff}));
}

/// `to`, and one more where a + b does not fit into 16 bits.
HWY_INLINE Channel add_carry(Channel to, Channel a, Channel b) {
    const Channels tag;
    return hn::Sub(to, hn::VecFromMask(tag, hn::Lt(hn::Add(a, b), b)));
}

HWY_INLINE const uint16_t* words(const Argb16* pixels) {
    return reinterpret_cast<const uint16_t*>(pixels);
}
HWY_INLINE uint16_t* words(Argb16* pixels) {
    return reinterpret_cast<uint16_t*>(pixels);
}

// ---- reading; each returns how many pixels it has read, and leaves less than a vector

/// Asks for what will be read soon: pictures are larger than what the machine guesses ahead, which
/// ends with each page. Never faults.
HWY_INLINE void fetch_ahead(const void* now) {
    constexpr uintptr_t distance = 2048;  // bytes
    hwy::Prefetch(reinterpret_cast<const std::byte*>(reinterpret_cast<uintptr_t>(now) + distance));
}

enum class Alpha : bool { Kept, Opaque };

template <Alpha alpha>
HWY_INLINE Channel with_alpha(Channel pixels) {
    return alpha == Alpha::Opaque ? hn::Or(pixels, alpha_ones()) : pixels;
}

// A byte times 257 is the byte twice.
constexpr Order from_argb8888{{3, 3, 2, 2, 1, 1, 0, 0, 11, 11, 10, 10, 9, 9, 8, 8}};
constexpr Order from_abgr8888{{3, 3, 0, 0, 1, 1, 2, 2, 11, 11, 8, 8, 9, 9, 10, 10}};
constexpr Order from_rgba8888{{0, 0, 3, 3, 2, 2, 1, 1, 8, 8, 11, 11, 10, 10, 9, 9}};
constexpr Order from_bgra8888{{0, 0, 1, 1, 2, 2, 3, 3, 8, 8, 9, 9, 10, 10, 11, 11}};
constexpr Order from_argb16161616{{6, 7, 4, 5, 2, 3, 0, 1, 14, 15, 12, 13, 10, 11, 8, 9}};
constexpr Order from_abgr16161616{{6, 7, 0, 1, 2, 3, 4, 5, 14, 15, 8, 9, 10, 11, 12, 13}};

template <const Order& order, Alpha alpha>
size_t read_words32(const std::byte* source, Argb16* pixels, size_t count) {
    const Pixels tag;
    const size_t step = hn::Lanes(tag);
    const auto* from = reinterpret_cast<const uint32_t*>(source);
    size_t i = 0;
    for (; i + step <= count; i += step) {
        fetch_ahead(from + i);
        const auto spread = hn::PromoteTo(tag, hn::LoadU(Halves(), from + i));
        const Channel read = hn::BitCast(Channels(), shuffle(spread, order));
        hn::StoreU(with_alpha<alpha>(read), Channels(), words(pixels + i));
    }
    return i;
}

template <const Order& order, Alpha alpha>
size_t read_words64(const std::byte* source, Argb16* pixels, size_t count) {
    const size_t step = hn::Lanes(Pixels());
    const auto* from = reinterpret_cast<const uint16_t*>(source);
    size_t i = 0;
    for (; i + step <= count; i += step) {
        fetch_ahead(from + 4 * i);
        const Channel read = shuffle(hn::LoadU(Channels(), from + 4 * i), order);
        hn::StoreU(with_alpha<alpha>(read), Channels(), words(pixels + i));
    }
    return i;
}

/// Pixels of three bytes, four at a time; reads 16 bytes for the 12.
template <bool red_is_first>
size_t read_triples(const std::byte* source, Argb16* pixels, size_t count) {
    constexpr uint8_t r = red_is_first ? 0 : 2;
    constexpr uint8_t b = 2 - r;
    constexpr uint8_t orders[2][16] = {
        {0, 0, r, r, 1, 1, b, b, 0, 0, r + 3, r + 3, 4, 4, b + 3, b + 3},
        {0, 0, r + 6, r + 6, 7, 7, b + 6, b + 6, 0, 0, r + 9, r + 9, 10, 10, b + 9, b + 9}};
    const hn::FixedTag<uint8_t, 16> bytes;
    const hn::FixedTag<uint64_t, 2> pair;
    const auto opaque = hn::BitCast(bytes, hn::Set(pair, uint64_t{0xffff}));
    const auto* from = reinterpret_cast<const uint8_t*>(source);
    size_t i = 0;
    for (; i + 6 <= count; i += 4) {
        const auto read = hn::LoadU(bytes, from + 3 * i);
        auto* to = reinterpret_cast<uint8_t*>(pixels + i);
        for (size_t half = 0; half < 2; ++half) {
            const auto order = hn::LoadU(bytes, orders[half]);
            hn::StoreU(hn::Or(hn::TableLookupBytes(read, order), opaque), bytes, to + 16 * half);
        }
    }
    return i;
}

template <bool red_is_first>
size_t read_words16(const std::byte* source, Argb16* pixels, size_t count) {
    const Channels tag;
    const size_t step = hn::Lanes(tag);
    const auto* from = reinterpret_cast<const uint16_t*>(source);
    const auto opaque = hn::Set(tag, uint16_t{0xffff});
    size_t i = 0;
    for (; i + step <= count; i += step) {
        const Channel word = hn::LoadU(tag, from + i);
        const Channel high = hn::ShiftRight<11>(word);
        const Channel middle = hn::And(hn::ShiftRight<5>(word), hn::Set(tag, 63));
        const Channel low = hn::And(word, hn::Set(tag, 31));
        // round(c * 65535 / 31), round(c * 65535 / 63)
        const auto wide5 = [&](Channel c) {
            return hn::Add(hn::Mul(c, hn::Set(tag, 2114)), hn::ShiftRight<4>(c));
        };
        const Channel wide6 = hn::Add(
            hn::Mul(middle, hn::Set(tag, 1040)),
            hn::ShiftRight<8>(hn::Add(hn::Mul(middle, hn::Set(tag, 61)), hn::Set(tag, 128))));
        const Channel red = wide5(red_is_first ? high : low);
        const Channel blue = wide5(red_is_first ? low : high);
        hn::StoreInterleaved4(opaque, red, wide6, blue, tag, words(pixels + i));
    }
    return i;
}

size_t read_r8(const std::byte* source, Argb16* pixels, size_t count) {
    const Channels tag;
    const hn::Rebind<uint8_t, Channels> bytes;
    const size_t step = hn::Lanes(tag);
    const auto* from = reinterpret_cast<const uint8_t*>(source);
    const auto opaque = hn::Set(tag, uint16_t{0xffff});
    size_t i = 0;
    for (; i + step <= count; i += step) {
        const Channel level = hn::PromoteTo(tag, hn::LoadU(bytes, from + i));
        const Channel gray = hn::Or(level, hn::ShiftLeft<8>(level));
        hn::StoreInterleaved4(opaque, gray, gray, gray, tag, words(pixels + i));
    }
    return i;
}

size_t read_some(uint32_t format, const std::byte* source, Argb16* pixels, size_t count) {
    switch (format) {
        case DRM_FORMAT_ARGB8888:
            return read_words32<from_argb8888, Alpha::Kept>(source, pixels, count);
        case DRM_FORMAT_ABGR8888:
            return read_words32<from_abgr8888, Alpha::Kept>(source, pixels, count);
        case DRM_FORMAT_RGBA8888:
            return read_words32<from_rgba8888, Alpha::Kept>(source, pixels, count);
        case DRM_FORMAT_BGRA8888:
            return read_words32<from_bgra8888, Alpha::Kept>(source, pixels, count);
        case DRM_FORMAT_XRGB8888:
            return read_words32<from_argb8888, Alpha::Opaque>(source, pixels, count);
        case DRM_FORMAT_XBGR8888:
            return read_words32<from_abgr8888, Alpha::Opaque>(source, pixels, count);
        case DRM_FORMAT_RGB888: return read_triples<false>(source, pixels, count);
        case DRM_FORMAT_BGR888: return read_triples<true>(source, pixels, count);
        case DRM_FORMAT_XRGB16161616:
            return read_words64<from_argb16161616, Alpha::Opaque>(source, pixels, count);
        case DRM_FORMAT_XBGR16161616:
            return read_words64<from_abgr16161616, Alpha::Opaque>(source, pixels, count);
        case DRM_FORMAT_ARGB16161616:
            return read_words64<from_argb16161616, Alpha::Kept>(source, pixels, count);
        case DRM_FORMAT_ABGR16161616:
            return read_words64<from_abgr16161616, Alpha::Kept>(source, pixels, count);
        case DRM_FORMAT_RGB565: return read_words16<true>(source, pixels, count);
        case DRM_FORMAT_BGR565: return read_words16<false>(source, pixels, count);
        default: return read_r8(source, pixels, count);
    }
}

/// Upper halves of the sums, cut to 16 bits, in the lowest bits of their pixels.
template <class Wide>
HWY_INLINE hn::VFromD<Pixels> color(Wide luma, Wide part) {
    const hn::Repartition<int32_t, Pixels> halves;
    const auto sum = hn::BitCast(halves, hn::Add(luma, part));
    const auto cut = hn::Min(hn::Max(sum, hn::Zero(halves)), hn::Set(halves, 0xffff));
    return hn::ShiftRight<32>(hn::BitCast(Pixels(), cut));
}

size_t join_some(const ColorParts& parts, Argb16* pixels, size_t count) {
    const Pixels tag;
    const hn::RebindToSigned<Pixels> wide;
    const size_t step = hn::Lanes(tag);
    int64_t samples[hn::MaxLanes(wide)];
    for (size_t k = 0; k < step; ++k) samples[k] = static_cast<int64_t>(parts.sample_of(k));
    const auto order = hn::SetTableIndices(wide, samples);
    size_t i = 0;
    for (; i + step <= count; i += step) {
        const auto luma = hn::LoadU(wide, parts.luma + i);
        const auto color_of = [&](const int64_t* part) {
            const auto read = hn::LoadU(wide, part + (i >> parts.hshift));
            return color(luma, hn::TableLookupLanes(read, order));
        };
        const auto red = hn::ShiftLeft<16>(color_of(parts.red));
        const auto green = hn::ShiftLeft<32>(color_of(parts.green));
        const auto blue = hn::ShiftLeft<48>(color_of(parts.blue));
        const auto opaque = hn::Or(hn::Set(tag, uint64_t{0xffff}), red);
        hn::StoreU(hn::BitCast(Channels(), hn::Or(opaque, hn::Or(green, blue))), Channels(),
                   words(pixels + i));
    }
    return i;
}

// ---- blending

/// below * (0xffff - alpha) / 0xffff, to the nearest.
HWY_INLINE Channel dimmed(Channel below, Channel alpha) {
    const Channels tag;
    const Channel rest = hn::Xor(alpha, hn::Set(tag, uint16_t{0xffff}));
    const Channel low = hn::Mul(below, rest);
    // p + 0x8000, and then its upper half added to it: the upper half of that is p / 0xffff.
    const Channel upper = hn::Add(hn::MulHigh(below, rest), hn::ShiftRight<15>(low));
    const Channel lower = hn::Xor(low, hn::Set(tag, uint16_t{0x8000}));
    return add_carry(upper, upper, lower);
}

size_t blend_some(const Argb16* source, Argb16* line, size_t count) {
    constexpr Order alphas{{0, 1, 0, 1, 0, 1, 0, 1, 8, 9, 8, 9, 8, 9, 8, 9}};
    const Channels tag;
    const size_t step = hn::Lanes(Pixels());
    size_t i = 0;
    for (; i + step <= count; i += step) {
        const Channel above = hn::LoadU(tag, words(source + i));
        const Channel alpha = shuffle(above, alphas);
        if (HWY_UNLIKELY(!hn::AllTrue(tag, hn::Eq(hn::Min(above, alpha), above)))) {
            blend_line({source + i, step}, {line + i, step});  // not premultiplied: sums may wrap
            continue;
        }
        const Channel below = hn::LoadU(tag, words(line + i));
        const Channel sum = hn::Add(above, dimmed(below, alpha));
        hn::StoreU(hn::Or(sum, alpha_ones()), tag, words(line + i));
    }
    return i;
}

// ---- writing; each returns how many pixels it has written

constexpr Order to_argb8888{{6, 4, 2, 0, 6, 4, 2, 0, 14, 12, 10, 8, 14, 12, 10, 8}};
constexpr Order to_abgr8888{{2, 4, 6, 0, 2, 4, 6, 0, 10, 12, 14, 8, 10, 12, 14, 8}};

template <const Order& order, Alpha alpha>
size_t write_words32(const Argb16* pixels, std::byte* target, size_t count) {
    const Channels tag;
    const size_t step = hn::Lanes(Pixels());
    auto* to = reinterpret_cast<uint32_t*>(target);
    size_t i = 0;
    for (; i + step <= count; i += step) {
        fetch_ahead(to + i);
        // round(v / 257)
        const Channel sum =
            hn::SaturatedAdd(hn::LoadU(tag, words(pixels + i)), hn::Set(tag, uint16_t{128}));
        const Channel levels = hn::ShiftRight<8>(hn::Sub(sum, hn::ShiftRight<8>(sum)));
        const auto spread = hn::BitCast(Pixels(), shuffle(levels, order));
        const auto packed = hn::TruncateTo(Halves(), spread);
        const auto ones = hn::Set(Halves(), alpha == Alpha::Opaque ? 0xff000000U : 0U);
        hn::StoreU(hn::Or(packed, ones), Halves(), to + i);
    }
    return i;
}

template <Alpha alpha>
size_t write_words64(const Argb16* pixels, std::byte* target, size_t count) {
    const size_t step = hn::Lanes(Pixels());
    auto* to = reinterpret_cast<uint16_t*>(target);
    size_t i = 0;
    for (; i + step <= count; i += step) {
        const Channel read = with_alpha<alpha>(hn::LoadU(Channels(), words(pixels + i)));
        hn::StoreU(shuffle(read, from_argb16161616), Channels(), to + 4 * i);
    }
    return i;
}

/// round(channel * highest / 65535)
template <uint16_t highest>
HWY_INLINE Channel narrow(Channel channel) {
    const Channels tag;
    const Channel low = hn::Mul(channel, hn::Set(tag, highest));
    const Channel half = hn::Set(tag, uint16_t{0x7fff});
    const Channel upper = add_carry(hn::MulHigh(channel, hn::Set(tag, highest)), low, half);
    // (65536 u + l) / 65535 is u, and one more if u + l reaches 65535.
    return add_carry(upper, hn::Add(low, half), hn::Add(upper, hn::Set(tag, 1)));
}

size_t write_rgb565(const Argb16* pixels, std::byte* target, size_t count) {
    const Channels tag;
    const size_t step = hn::Lanes(tag);
    auto* to = reinterpret_cast<uint16_t*>(target);
    size_t i = 0;
    for (; i + step <= count; i += step) {
        Channel alpha, red, green, blue;
        hn::LoadInterleaved4(tag, words(pixels + i), alpha, red, green, blue);
        const Channel word =
            hn::Or(hn::Or(hn::ShiftLeft<11>(narrow<31>(red)), hn::ShiftLeft<5>(narrow<63>(green))),
                   narrow<31>(blue));
        hn::StoreU(word, tag, to + i);
    }
    return i;
}

size_t write_some(uint32_t format, const Argb16* pixels, std::byte* target, size_t count) {
    switch (format) {
        case DRM_FORMAT_ARGB8888:
            return write_words32<to_argb8888, Alpha::Kept>(pixels, target, count);
        case DRM_FORMAT_ABGR8888:
            return write_words32<to_abgr8888, Alpha::Kept>(pixels, target, count);
        case DRM_FORMAT_XRGB8888:
            return write_words32<to_argb8888, Alpha::Opaque>(pixels, target, count);
        case DRM_FORMAT_XRGB16161616: return write_words64<Alpha::Opaque>(pixels, target, count);
        case DRM_FORMAT_ARGB16161616: return write_words64<Alpha::Kept>(pixels, target, count);
        case DRM_FORMAT_RGB565: return write_rgb565(pixels, target, count);
        default: return 0;
    }
}

size_t copy_some(const std::byte* source, std::byte* target, size_t count) {
    const hn::ScalableTag<uint32_t> tag;
    const size_t step = hn::Lanes(tag);
    const auto* from = reinterpret_cast<const uint32_t*>(source);
    auto* to = reinterpret_cast<uint32_t*>(target);
    const auto ones = hn::Set(tag, 0xff000000U);
    size_t i = 0;
    for (; i + step <= count; i += step) {
        fetch_ahead(from + i);
        fetch_ahead(to + i);
        hn::StoreU(hn::Or(hn::LoadU(tag, from + i), ones), tag, to + i);
    }
    return i;
}

#endif
}  // namespace HWY_NAMESPACE
}  // namespace plugboard::vkms
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plugboard::vkms {
namespace {

HWY_EXPORT(read_some);
HWY_EXPORT(join_some);
HWY_EXPORT(blend_some);
HWY_EXPORT(write_some);
HWY_EXPORT(copy_some);

}  // namespace

void blend_in_vectors(std::span<const Argb16> source, std::span<Argb16> line) {
    const size_t done = HWY_DYNAMIC_DISPATCH(blend_some)(source.data(), line.data(), line.size());
    blend_line(source.subspan(done), line.subspan(done));
}

void join_colors(const ColorParts& parts, std::span<Argb16> pixels) {
    size_t i = HWY_DYNAMIC_DISPATCH(join_some)(parts, pixels.data(), pixels.size());
    for (; i < pixels.size(); ++i) {
        const auto color = [&](const int64_t* part) {
            const int64_t sum = (parts.luma[i] + part[parts.sample_of(i)]) >> 32;
            return static_cast<uint16_t>(std::clamp<int64_t>(sum, 0, 0xffff));
        };
        pixels[i] = {
            .a = 0xffff, .r = color(parts.red), .g = color(parts.green), .b = color(parts.blue)};
    }
}

void copy_opaque(const std::byte* source, std::byte* target, size_t pixels) {
    size_t i = HWY_DYNAMIC_DISPATCH(copy_some)(source, target, pixels);
    for (; i < pixels; ++i)
        store_little<uint32_t>(target + 4 * i, load_little<uint32_t>(source + 4 * i) | 0xff000000U);
}

void read_in_vectors(const PixelReader& reader, const std::byte* source, std::span<Argb16> pixels) {
    const size_t done =
        HWY_DYNAMIC_DISPATCH(read_some)(reader.format, source, pixels.data(), pixels.size());
    reader.read(source + done * reader.bytes_per_pixel, pixels.subspan(done));
}

void write_in_vectors(const PixelWriter& writer, std::span<const Argb16> pixels,
                      std::byte* target) {
    const size_t done =
        HWY_DYNAMIC_DISPATCH(write_some)(writer.format, pixels.data(), target, pixels.size());
    writer.write(pixels.subspan(done), target + done * writer.bytes_per_pixel);
}

}  // namespace plugboard::vkms
#endif
