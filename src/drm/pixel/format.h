// The pixel formats that the DRM core knows, and how each lies in memory.
// Linux: drivers/gpu/drm/drm_fourcc.c
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace plugboard::drm {

inline constexpr uint32_t max_planes = 4;

/// One plane's unit of memory. A unit of 0 bytes: the layout is known to the modifier only.
struct PixelBlock {
    uint8_t bytes = 0;
    uint8_t width = 0;
    uint8_t height = 0;
};

struct FormatInfo {
    uint32_t fourcc = 0;
    uint8_t depth = 0;  // colour bits as legacy calls count them; 0: no legacy name
    uint8_t num_planes = 1;
    std::array<PixelBlock, max_planes> blocks;
    uint8_t hsub = 1;  // how many pixels share a sample in the planes after the first
    uint8_t vsub = 1;
    bool has_alpha = false;
    bool is_yuv = false;
};

/// Null if the core does not know the format; so for every big-endian one.
const FormatInfo* find_format(uint32_t fourcc);

/// All formats, in ascending order of fourcc.
std::span<const FormatInfo> all_formats();

/// Samples in a line of `plane`, and its lines, for a picture of the given size.
uint32_t plane_width(const FormatInfo& info, uint32_t plane, uint32_t width);
uint32_t plane_height(const FormatInfo& info, uint32_t plane, uint32_t height);

/// Bytes that a line of the plane needs; `width` is the picture's. 0 for blocks of 0 bytes.
uint64_t min_pitch(const FormatInfo& info, uint32_t plane, uint32_t width);

/// Of the first plane, averaged over a block. Linux: drm_format_info_bpp
uint32_t bits_per_pixel(const FormatInfo& info);

/// "XR24"; bytes that cannot be printed as "\xb4".
std::string fourcc_name(uint32_t fourcc);

/// What ADDFB means by bpp and depth.
/// Linux: drivers/gpu/drm/drm_fourcc.c, drm_mode_legacy_fb_format
std::optional<uint32_t> legacy_format(uint32_t bpp, uint32_t depth);

}  // namespace plugboard::drm
