#include "drm/edid/timings.h"

#include <cmath>

#include "drm/edid/cta_modes.h"
#include "drm/objects/dmt_table.h"

namespace plugboard::drm::edid {
namespace {

constexpr uint32_t max_displayid = 0x7fff;
constexpr int max_active = 0xfff, max_horizontal_porch = 0x3ff, max_vertical_porch = 0x3f;
constexpr uint32_t max_clock_khz = 655'350, clock_step_khz = 10;
constexpr double cta_tolerance_hz = 0.02, dmt_tolerance_hz = 0.1;

// Reduced blanking v2, but for the lines that are left: they are the back porch, as in v1. A front
// porch of more than 63 has no room in an EDID.
constexpr uint32_t h_blank = 80, h_sync = 32, h_front_porch = 8;         // pixels
constexpr uint32_t v_front_porch = 3, v_sync = 8, min_v_back_porch = 6;  // lines
constexpr double min_v_blank_us = 460;

bool has_rate(const ModeTimings& timings, uint32_t clock_khz, double hz, double tolerance) {
    const double rate = clock_khz * 1000.0 / (uint32_t{timings.htotal} * timings.vtotal);
    return std::abs(rate - hz) < tolerance;
}

bool has_size(const ModeTimings& timings, uint32_t width, uint32_t height) {
    return timings.hdisplay == width && timings.vdisplay == height &&
           (timings.flags & (DRM_MODE_FLAG_INTERLACE | DRM_MODE_FLAG_DBLCLK)) == 0;
}

const ModeTimings* find_dmt(uint32_t width, uint32_t height, double hz) {
    for (const DmtEntry& entry : dmt_table()) {
        if (has_size(entry.timings, width, height) &&
            has_rate(entry.timings, entry.timings.clock_khz, hz, dmt_tolerance_hz))
            return &entry.timings;
    }
    return nullptr;
}

Result<ModeTimings> reduced_timings(uint32_t width, uint32_t height, double hz) {
    if (width == 0 || height == 0 || width > max_displayid || height > max_displayid)
        return Errno::Inval;
    if (!(hz >= 1 && hz <= 1000)) return Errno::Inval;
    const double line_us = (1e6 / hz - min_v_blank_us) / height;
    if (line_us <= 0) return Errno::Inval;
    const uint32_t v_blank = std::max(static_cast<uint32_t>(min_v_blank_us / line_us) + 1,
                                      v_front_porch + v_sync + min_v_back_porch);
    const uint32_t htotal = width + h_blank, vtotal = height + v_blank;
    const double clock_khz = hz * htotal * vtotal / 1000;
    return ModeTimings{
        .clock_khz =
            static_cast<uint32_t>(std::lround(clock_khz / clock_step_khz)) * clock_step_khz,
        .hdisplay = static_cast<uint16_t>(width),
        .hsync_start = static_cast<uint16_t>(width + h_front_porch),
        .hsync_end = static_cast<uint16_t>(width + h_front_porch + h_sync),
        .htotal = static_cast<uint16_t>(htotal),
        .vdisplay = static_cast<uint16_t>(height),
        .vsync_start = static_cast<uint16_t>(height + v_front_porch),
        .vsync_end = static_cast<uint16_t>(height + v_front_porch + v_sync),
        .vtotal = static_cast<uint16_t>(vtotal),
        .flags = DRM_MODE_FLAG_PHSYNC | DRM_MODE_FLAG_NVSYNC,
    };
}

}  // namespace

bool fit_detailed_timing(const ModeTimings& of) {
    return of.clock_khz >= clock_step_khz && of.clock_khz <= max_clock_khz &&
           of.hdisplay <= max_active && of.vdisplay <= max_active &&
           of.htotal - of.hdisplay <= max_active && of.vtotal - of.vdisplay <= max_active &&
           of.hsync_start - of.hdisplay <= max_horizontal_porch &&
           of.hsync_end - of.hsync_start <= max_horizontal_porch &&
           of.vsync_start - of.vdisplay <= max_vertical_porch &&
           of.vsync_end - of.vsync_start <= max_vertical_porch &&
           (of.flags & (DRM_MODE_FLAG_INTERLACE | DRM_MODE_FLAG_DBLCLK)) == 0;
}

Result<ModeTimings> timings_for(uint32_t width, uint32_t height, double refresh_hz) {
    for (const CtaEntry& entry : cta_table()) {
        if (!has_size(entry.timings, width, height)) continue;
        for (const uint32_t clock : {entry.timings.clock_khz, alternate_clock(entry)}) {
            if (!has_rate(entry.timings, clock, refresh_hz, cta_tolerance_hz)) continue;
            ModeTimings timings = entry.timings;
            timings.clock_khz = clock;
            if (fit_detailed_timing(timings)) return timings;
        }
    }
    if (const ModeTimings* found = find_dmt(width, height, refresh_hz)) return *found;
    const ModeTimings timings = TRY(reduced_timings(width, height, refresh_hz));
    if (!fit_detailed_timing(timings)) return Errno::Inval;
    return timings;
}

Result<ModeTimings> displayid_timings_for(uint32_t width, uint32_t height, double refresh_hz) {
    return reduced_timings(width, height, refresh_hz);
}

}  // namespace plugboard::drm::edid
