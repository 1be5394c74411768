// A display mode: timings that have been checked once, with the name and type clients see.
// Linux: drivers/gpu/drm/drm_modes.c
#include "drm/objects/mode.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <string>

#include "drm/objects/cvt.h"

namespace plugboard::drm {
namespace {

constexpr uint32_t int_max = std::numeric_limits<int32_t>::max();
constexpr uint32_t aspect_shift = 19;
constexpr uint64_t shortest_frame_ns = 100'000;
static_assert(DRM_MODE_FLAG_PIC_AR_256_135 == DRM_MODE_PICTURE_ASPECT_256_135 << aspect_shift);

bool is_ordered(uint16_t display, uint16_t sync_start, uint16_t sync_end, uint16_t total) {
    return display != 0 && display <= sync_start && sync_start <= sync_end && sync_end <= total;
}

bool is_valid(const ModeTimings& timings) {
    if ((timings.flags & ~uint32_t{DRM_MODE_FLAG_ALL}) != 0) return false;
    if ((timings.flags & DRM_MODE_FLAG_3D_MASK) > DRM_MODE_FLAG_3D_SIDE_BY_SIDE_HALF) return false;
    if (timings.clock_khz == 0) return false;
    return is_ordered(timings.hdisplay, timings.hsync_start, timings.hsync_end, timings.htotal) &&
           is_ordered(timings.vdisplay, timings.vsync_start, timings.vsync_end, timings.vtotal);
}

std::string default_name(const ModeTimings& timings) {
    const bool has_fields = (timings.flags & DRM_MODE_FLAG_INTERLACE) != 0;
    return fmt::format("{}x{}{}", timings.hdisplay, timings.vdisplay, has_fields ? "i" : "");
}

}  // namespace

bool has_aspect_bits(const drm_mode_modeinfo& info) {
    return (info.flags & DRM_MODE_FLAG_PIC_AR_MASK) != DRM_MODE_FLAG_PIC_AR_NONE;
}

Result<Mode> Mode::create(const ModeTimings& timings, std::string_view name, uint32_t type,
                          AspectRatio aspect) {
    if (timings.clock_khz > int_max) return Errno::Range;
    if (!is_valid(timings)) return Errno::Inval;
    Mode mode;
    mode.timings_ = timings;
    mode.type_ = type & DRM_MODE_TYPE_ALL;
    mode.aspect_ = aspect;
    if (name.empty()) {
        const std::string made = default_name(timings);
        made.copy(mode.name_.data(), mode.name_.size() - 1);
    } else {
        name.copy(mode.name_.data(), mode.name_.size() - 1);
    }
    return mode;
}

Result<Mode> Mode::from_user(const drm_mode_modeinfo& info) {
    if (info.clock > int_max || info.vrefresh > int_max) return Errno::Range;
    const uint32_t aspect = (info.flags & DRM_MODE_FLAG_PIC_AR_MASK) >> aspect_shift;
    if (aspect > DRM_MODE_PICTURE_ASPECT_256_135) return Errno::Inval;
    const ModeTimings timings{
        .clock_khz = info.clock,
        .hdisplay = info.hdisplay,
        .hsync_start = info.hsync_start,
        .hsync_end = info.hsync_end,
        .htotal = info.htotal,
        .hskew = info.hskew,
        .vdisplay = info.vdisplay,
        .vsync_start = info.vsync_start,
        .vsync_end = info.vsync_end,
        .vtotal = info.vtotal,
        .vscan = info.vscan,
        .flags = info.flags & ~uint32_t{DRM_MODE_FLAG_PIC_AR_MASK},
    };
    auto mode = TRY(create(timings, {}, info.type, static_cast<AspectRatio>(aspect)));
    // A client's name stays as it is, also when empty.
    mode.name_.fill('\0');
    std::memcpy(mode.name_.data(), info.name, strnlen(info.name, mode.name_.size() - 1));
    return mode;
}

Mode Mode::cvt(uint32_t width, uint32_t height, double refresh_hz) {
    auto mode = try_cvt(width, height, refresh_hz);
    assert(mode.ok());
    return *mode;
}

Result<Mode> Mode::try_cvt(uint32_t width, uint32_t height, double refresh_hz) {
    return create(TRY(cvt_timings(width, height, refresh_hz)));
}

drm_mode_modeinfo Mode::to_user(AspectBits aspect_bits) const {
    drm_mode_modeinfo info{};
    info.clock = timings_.clock_khz;
    info.hdisplay = timings_.hdisplay;
    info.hsync_start = timings_.hsync_start;
    info.hsync_end = timings_.hsync_end;
    info.htotal = timings_.htotal;
    info.hskew = timings_.hskew;
    info.vdisplay = timings_.vdisplay;
    info.vsync_start = timings_.vsync_start;
    info.vsync_end = timings_.vsync_end;
    info.vtotal = timings_.vtotal;
    info.vscan = timings_.vscan;
    info.vrefresh = vrefresh();
    info.flags = timings_.flags;
    if (aspect_bits == AspectBits::Show) {
        info.flags |= static_cast<uint32_t>(aspect_) << aspect_shift;
    }
    info.type = type_;
    std::ranges::copy(name_, info.name);
    return info;
}

void Mode::set_preferred(bool preferred) {
    type_ &= ~uint32_t{DRM_MODE_TYPE_PREFERRED};
    if (preferred) type_ |= DRM_MODE_TYPE_PREFERRED;
}

uint32_t Mode::vrefresh() const {
    uint64_t numerator = uint64_t{timings_.clock_khz} * 1000;
    uint64_t denominator = uint64_t{timings_.htotal} * timings_.vtotal;
    if (is_interlaced()) numerator *= 2;
    if ((timings_.flags & DRM_MODE_FLAG_DBLSCAN) != 0) denominator *= 2;
    if (timings_.vscan > 1) denominator *= timings_.vscan;
    return static_cast<uint32_t>((numerator + denominator / 2) / denominator);
}

uint64_t Mode::frame_duration_ns() const {
    const uint64_t pixels = uint64_t{timings_.htotal} * timings_.vtotal;
    const uint64_t duration = pixels * 1'000'000 / timings_.clock_khz;
    return std::max(shortest_frame_ns, is_interlaced() ? duration / 2 : duration);
}

}  // namespace plugboard::drm
