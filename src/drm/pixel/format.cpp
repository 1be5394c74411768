// The pixel formats that the DRM core knows, and how each lies in memory.
// Linux: drivers/gpu/drm/drm_fourcc.c
#include "drm/pixel/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <iterator>

#include "uapi/drm_fourcc_extra.h"

namespace plugboard::drm {
namespace {

enum class Alpha : bool { No, Yes };

constexpr PixelBlock pixel(uint8_t bytes) {
    return {.bytes = bytes, .width = 1, .height = 1};
}

constexpr PixelBlock group(uint8_t bytes, uint8_t width, uint8_t height = 1) {
    return {.bytes = bytes, .width = width, .height = height};
}

/// One plane without sub-sampling.
constexpr FormatInfo rgb(uint32_t fourcc, uint8_t depth, PixelBlock block,
                         Alpha alpha = Alpha::No) {
    return {.fourcc = fourcc, .depth = depth, .blocks = {block}, .has_alpha = alpha == Alpha::Yes};
}

/// A colour plane and a plane of 8-bit alpha.
constexpr FormatInfo rgb_a8(uint32_t fourcc, uint8_t depth, uint8_t bytes) {
    return {.fourcc = fourcc,
            .depth = depth,
            .num_planes = 2,
            .blocks = {pixel(bytes), pixel(1)},
            .has_alpha = true};
}

struct Subsampling {
    uint8_t h;
    uint8_t v;
};
constexpr Subsampling sub_444{.h = 1, .v = 1};
constexpr Subsampling sub_422{.h = 2, .v = 1};
constexpr Subsampling sub_420{.h = 2, .v = 2};
constexpr Subsampling sub_411{.h = 4, .v = 1};
constexpr Subsampling sub_410{.h = 4, .v = 4};

/// All samples in one plane. The block is that of a pixel, or of a tile where it has a size.
constexpr FormatInfo yuv_packed(uint32_t fourcc, PixelBlock block, Subsampling sub,
                                Alpha alpha = Alpha::No) {
    return {.fourcc = fourcc,
            .blocks = {block},
            .hsub = sub.h,
            .vsub = sub.v,
            .has_alpha = alpha == Alpha::Yes,
            .is_yuv = true};
}

/// A plane of luma and a plane of chroma pairs.
constexpr FormatInfo yuv_2(uint32_t fourcc, PixelBlock luma, PixelBlock chroma, Subsampling sub) {
    return {.fourcc = fourcc,
            .num_planes = 2,
            .blocks = {luma, chroma},
            .hsub = sub.h,
            .vsub = sub.v,
            .is_yuv = true};
}

/// Three planes of the same samples.
constexpr FormatInfo yuv_3(uint32_t fourcc, PixelBlock block, Subsampling sub) {
    return {.fourcc = fourcc,
            .num_planes = 3,
            .blocks = {block, block, block},
            .hsub = sub.h,
            .vsub = sub.v,
            .is_yuv = true};
}

constexpr auto format_table = [] {
    std::array formats = {
        // Colour index, darkness, grey
        rgb(DRM_FORMAT_C1, 1, group(1, 8)),
        rgb(DRM_FORMAT_C2, 2, group(1, 4)),
        rgb(DRM_FORMAT_C4, 4, group(1, 2)),
        rgb(DRM_FORMAT_C8, 8, pixel(1)),
        rgb(DRM_FORMAT_D1, 1, group(1, 8)),
        rgb(DRM_FORMAT_D2, 2, group(1, 4)),
        rgb(DRM_FORMAT_D4, 4, group(1, 2)),
        rgb(DRM_FORMAT_D8, 8, pixel(1)),
        rgb(DRM_FORMAT_R1, 1, group(1, 8)),
        rgb(DRM_FORMAT_R2, 2, group(1, 4)),
        rgb(DRM_FORMAT_R4, 4, group(1, 2)),
        rgb(DRM_FORMAT_R8, 8, pixel(1)),
        rgb(DRM_FORMAT_R10, 10, pixel(2)),
        rgb(DRM_FORMAT_R12, 12, pixel(2)),
        // 8 and 16 bits
        rgb(DRM_FORMAT_RGB332, 8, pixel(1)),
        rgb(DRM_FORMAT_BGR233, 8, pixel(1)),
        rgb(DRM_FORMAT_XRGB4444, 0, pixel(2)),
        rgb(DRM_FORMAT_XBGR4444, 0, pixel(2)),
        rgb(DRM_FORMAT_RGBX4444, 0, pixel(2)),
        rgb(DRM_FORMAT_BGRX4444, 0, pixel(2)),
        rgb(DRM_FORMAT_ARGB4444, 0, pixel(2), Alpha::Yes),
        rgb(DRM_FORMAT_ABGR4444, 0, pixel(2), Alpha::Yes),
        rgb(DRM_FORMAT_RGBA4444, 0, pixel(2), Alpha::Yes),
        rgb(DRM_FORMAT_BGRA4444, 0, pixel(2), Alpha::Yes),
        rgb(DRM_FORMAT_XRGB1555, 15, pixel(2)),
        rgb(DRM_FORMAT_XBGR1555, 15, pixel(2)),
        rgb(DRM_FORMAT_RGBX5551, 15, pixel(2)),
        rgb(DRM_FORMAT_BGRX5551, 15, pixel(2)),
        rgb(DRM_FORMAT_ARGB1555, 15, pixel(2), Alpha::Yes),
        rgb(DRM_FORMAT_ABGR1555, 15, pixel(2), Alpha::Yes),
        rgb(DRM_FORMAT_RGBA5551, 15, pixel(2), Alpha::Yes),
        rgb(DRM_FORMAT_BGRA5551, 15, pixel(2), Alpha::Yes),
        rgb(DRM_FORMAT_RGB565, 16, pixel(2)),
        rgb(DRM_FORMAT_BGR565, 16, pixel(2)),
        // 24 and 32 bits
        rgb(DRM_FORMAT_RGB888, 24, pixel(3)),
        rgb(DRM_FORMAT_BGR888, 24, pixel(3)),
        rgb(DRM_FORMAT_XRGB8888, 24, pixel(4)),
        rgb(DRM_FORMAT_XBGR8888, 24, pixel(4)),
        rgb(DRM_FORMAT_RGBX8888, 24, pixel(4)),
        rgb(DRM_FORMAT_BGRX8888, 24, pixel(4)),
        rgb(DRM_FORMAT_ARGB8888, 32, pixel(4), Alpha::Yes),
        rgb(DRM_FORMAT_ABGR8888, 32, pixel(4), Alpha::Yes),
        rgb(DRM_FORMAT_RGBA8888, 32, pixel(4), Alpha::Yes),
        rgb(DRM_FORMAT_BGRA8888, 32, pixel(4), Alpha::Yes),
        rgb(DRM_FORMAT_XRGB2101010, 30, pixel(4)),
        rgb(DRM_FORMAT_XBGR2101010, 30, pixel(4)),
        rgb(DRM_FORMAT_RGBX1010102, 30, pixel(4)),
        rgb(DRM_FORMAT_BGRX1010102, 30, pixel(4)),
        rgb(DRM_FORMAT_ARGB2101010, 30, pixel(4), Alpha::Yes),
        rgb(DRM_FORMAT_ABGR2101010, 30, pixel(4), Alpha::Yes),
        rgb(DRM_FORMAT_RGBA1010102, 30, pixel(4), Alpha::Yes),
        rgb(DRM_FORMAT_BGRA1010102, 30, pixel(4), Alpha::Yes),
        // 48 and 64 bits
        rgb(DRM_FORMAT_RGB161616, 0, pixel(6)),
        rgb(DRM_FORMAT_BGR161616, 0, pixel(6)),
        rgb(DRM_FORMAT_XRGB16161616, 0, pixel(8)),
        rgb(DRM_FORMAT_XBGR16161616, 0, pixel(8)),
        rgb(DRM_FORMAT_ARGB16161616, 0, pixel(8), Alpha::Yes),
        rgb(DRM_FORMAT_ABGR16161616, 0, pixel(8), Alpha::Yes),
        rgb(DRM_FORMAT_XRGB16161616F, 0, pixel(8)),
        rgb(DRM_FORMAT_XBGR16161616F, 0, pixel(8)),
        rgb(DRM_FORMAT_ARGB16161616F, 0, pixel(8), Alpha::Yes),
        rgb(DRM_FORMAT_ABGR16161616F, 0, pixel(8), Alpha::Yes),
        rgb(DRM_FORMAT_AXBXGXRX106106106106, 0, pixel(8), Alpha::Yes),
        // A second plane of alpha
        rgb_a8(DRM_FORMAT_RGB565_A8, 24, 2),
        rgb_a8(DRM_FORMAT_BGR565_A8, 24, 2),
        rgb_a8(DRM_FORMAT_RGB888_A8, 32, 3),
        rgb_a8(DRM_FORMAT_BGR888_A8, 32, 3),
        rgb_a8(DRM_FORMAT_XRGB8888_A8, 32, 4),
        rgb_a8(DRM_FORMAT_XBGR8888_A8, 32, 4),
        rgb_a8(DRM_FORMAT_RGBX8888_A8, 32, 4),
        rgb_a8(DRM_FORMAT_BGRX8888_A8, 32, 4),
        // YUV in one plane
        yuv_packed(DRM_FORMAT_YUYV, pixel(2), sub_422),
        yuv_packed(DRM_FORMAT_YVYU, pixel(2), sub_422),
        yuv_packed(DRM_FORMAT_UYVY, pixel(2), sub_422),
        yuv_packed(DRM_FORMAT_VYUY, pixel(2), sub_422),
        yuv_packed(DRM_FORMAT_Y210, pixel(4), sub_422),
        yuv_packed(DRM_FORMAT_Y212, pixel(4), sub_422),
        yuv_packed(DRM_FORMAT_Y216, pixel(4), sub_422),
        yuv_packed(DRM_FORMAT_XYUV8888, pixel(4), sub_444),
        yuv_packed(DRM_FORMAT_VUY888, pixel(3), sub_444),
        yuv_packed(DRM_FORMAT_AYUV, pixel(4), sub_444, Alpha::Yes),
        yuv_packed(DRM_FORMAT_Y410, pixel(4), sub_444, Alpha::Yes),
        yuv_packed(DRM_FORMAT_Y412, pixel(8), sub_444, Alpha::Yes),
        yuv_packed(DRM_FORMAT_Y416, pixel(8), sub_444, Alpha::Yes),
        yuv_packed(DRM_FORMAT_XVUY2101010, pixel(4), sub_444),
        yuv_packed(DRM_FORMAT_XVYU2101010, pixel(4), sub_444),
        yuv_packed(DRM_FORMAT_XVYU12_16161616, pixel(8), sub_444),
        yuv_packed(DRM_FORMAT_XVYU16161616, pixel(8), sub_444),
        yuv_packed(DRM_FORMAT_Y8, pixel(1), sub_444),
        yuv_packed(DRM_FORMAT_XYYY2101010, group(4, 3), sub_444),
        yuv_packed(DRM_FORMAT_Y0L0, group(8, 2, 2), sub_420, Alpha::Yes),
        yuv_packed(DRM_FORMAT_X0L0, group(8, 2, 2), sub_420),
        yuv_packed(DRM_FORMAT_Y0L2, group(8, 2, 2), sub_420, Alpha::Yes),
        yuv_packed(DRM_FORMAT_X0L2, group(8, 2, 2), sub_420),
        yuv_packed(DRM_FORMAT_VUY101010, pixel(0), sub_444),
        yuv_packed(DRM_FORMAT_YUV420_8BIT, pixel(0), sub_420),
        yuv_packed(DRM_FORMAT_YUV420_10BIT, pixel(0), sub_420),
        // YUV in two planes
        yuv_2(DRM_FORMAT_NV12, pixel(1), pixel(2), sub_420),
        yuv_2(DRM_FORMAT_NV21, pixel(1), pixel(2), sub_420),
        yuv_2(DRM_FORMAT_NV16, pixel(1), pixel(2), sub_422),
        yuv_2(DRM_FORMAT_NV61, pixel(1), pixel(2), sub_422),
        yuv_2(DRM_FORMAT_NV24, pixel(1), pixel(2), sub_444),
        yuv_2(DRM_FORMAT_NV42, pixel(1), pixel(2), sub_444),
        yuv_2(DRM_FORMAT_NV15, group(5, 4), group(5, 2), sub_420),
        yuv_2(DRM_FORMAT_NV20, group(5, 4), group(5, 2), sub_422),
        yuv_2(DRM_FORMAT_NV30, group(5, 4), group(5, 2), sub_444),
        yuv_2(DRM_FORMAT_P010, pixel(2), pixel(4), sub_420),
        yuv_2(DRM_FORMAT_P012, pixel(2), pixel(4), sub_420),
        yuv_2(DRM_FORMAT_P016, pixel(2), pixel(4), sub_420),
        yuv_2(DRM_FORMAT_P210, pixel(2), pixel(4), sub_422),
        yuv_2(DRM_FORMAT_P030, group(4, 3), group(8, 3), sub_420),
        yuv_2(DRM_FORMAT_P230, group(4, 3), group(8, 3), sub_422),
        // YUV in three planes
        yuv_3(DRM_FORMAT_YUV410, pixel(1), sub_410),
        yuv_3(DRM_FORMAT_YVU410, pixel(1), sub_410),
        yuv_3(DRM_FORMAT_YUV411, pixel(1), sub_411),
        yuv_3(DRM_FORMAT_YVU411, pixel(1), sub_411),
        yuv_3(DRM_FORMAT_YUV420, pixel(1), sub_420),
        yuv_3(DRM_FORMAT_YVU420, pixel(1), sub_420),
        yuv_3(DRM_FORMAT_YUV422, pixel(1), sub_422),
        yuv_3(DRM_FORMAT_YVU422, pixel(1), sub_422),
        yuv_3(DRM_FORMAT_YUV444, pixel(1), sub_444),
        yuv_3(DRM_FORMAT_YVU444, pixel(1), sub_444),
        yuv_3(DRM_FORMAT_Q410, pixel(2), sub_444),
        yuv_3(DRM_FORMAT_Q401, pixel(2), sub_444),
        yuv_3(DRM_FORMAT_T430, group(4, 3), sub_444),
        yuv_3(DRM_FORMAT_S010, pixel(2), sub_420),
        yuv_3(DRM_FORMAT_S210, pixel(2), sub_422),
        yuv_3(DRM_FORMAT_S410, pixel(2), sub_444),
        yuv_3(DRM_FORMAT_S012, pixel(2), sub_420),
        yuv_3(DRM_FORMAT_S212, pixel(2), sub_422),
        yuv_3(DRM_FORMAT_S412, pixel(2), sub_444),
        yuv_3(DRM_FORMAT_S016, pixel(2), sub_420),
        yuv_3(DRM_FORMAT_S216, pixel(2), sub_422),
        yuv_3(DRM_FORMAT_S416, pixel(2), sub_444),
    };
    std::ranges::sort(formats, {}, &FormatInfo::fourcc);
    return formats;
}();

constexpr uint64_t round_up_quotient(uint64_t value, uint64_t divisor) {
    return (value + divisor - 1) / divisor;
}

}  // namespace

const FormatInfo* find_format(uint32_t fourcc) {
    const auto* found = std::ranges::lower_bound(format_table, fourcc, {}, &FormatInfo::fourcc);
    return found != format_table.end() && found->fourcc == fourcc ? found : nullptr;
}

std::span<const FormatInfo> all_formats() {
    return format_table;
}

uint32_t plane_width(const FormatInfo& info, uint32_t plane, uint32_t width) {
    assert(plane < info.num_planes);
    return plane == 0 ? width : static_cast<uint32_t>(round_up_quotient(width, info.hsub));
}

uint32_t plane_height(const FormatInfo& info, uint32_t plane, uint32_t height) {
    assert(plane < info.num_planes);
    return plane == 0 ? height : static_cast<uint32_t>(round_up_quotient(height, info.vsub));
}

uint64_t min_pitch(const FormatInfo& info, uint32_t plane, uint32_t width) {
    const PixelBlock& block = info.blocks[plane];
    // A line of a tiled format is a share of its row of tiles: the height divides too.
    return round_up_quotient(uint64_t{plane_width(info, plane, width)} * block.bytes,
                             uint64_t{block.width} * block.height);
}

uint32_t bits_per_pixel(const FormatInfo& info) {
    const PixelBlock& block = info.blocks[0];
    if (block.bytes == 0) return 0;
    return block.bytes * 8U / (uint32_t{block.width} * block.height);
}

std::string fourcc_name(uint32_t fourcc) {
    std::string name;
    for (int shift = 0; shift < 32; shift += 8) {
        const uint32_t byte = (fourcc >> shift) & 0xff;
        if (byte >= 0x20 && byte < 0x7f && byte != '\\') {
            name += static_cast<char>(byte);
        } else {
            fmt::format_to(std::back_inserter(name), "\\x{:02x}", byte);
        }
    }
    return name;
}

std::optional<uint32_t> legacy_format(uint32_t bpp, uint32_t depth) {
    struct Legacy {
        uint32_t bpp;
        uint32_t depth;
        uint32_t fourcc;
    };
    static constexpr Legacy pairs[] = {
        {1, 1, DRM_FORMAT_C1},
        {2, 2, DRM_FORMAT_C2},
        {4, 4, DRM_FORMAT_C4},
        {8, 8, DRM_FORMAT_C8},
        {16, 15, DRM_FORMAT_XRGB1555},
        {16, 16, DRM_FORMAT_RGB565},
        {24, 24, DRM_FORMAT_RGB888},
        {32, 24, DRM_FORMAT_XRGB8888},
        {32, 30, DRM_FORMAT_XRGB2101010},
        {32, 32, DRM_FORMAT_ARGB8888},
    };
    for (const Legacy& legacy : pairs) {
        if (legacy.bpp == bpp && legacy.depth == depth) return legacy.fourcc;
    }
    return std::nullopt;
}

}  // namespace plugboard::drm
