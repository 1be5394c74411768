// Timings by VESA's Coordinated Video Timings formula, normal blanking.
// Linux: drivers/gpu/drm/drm_modes.c, drm_cvt_mode
#include "drm/objects/cvt.h"

#include <algorithm>
#include <limits>

namespace plugboard::drm {
namespace {

// VESA CVT 1.2: the constants of normal ("CRT") blanking.
constexpr uint32_t cell = 8;               // pixels, the grain of everything horizontal
constexpr uint32_t front_porch = 3;        // lines
constexpr uint32_t min_back_porch = 3;     // lines; the standard says 6, libxcvt takes 3
constexpr double min_sync_and_back = 550;  // us of vertical sync and back porch
constexpr uint32_t sync_percent = 8;       // of the whole line
constexpr uint32_t clock_step_khz = 250;
constexpr float blank_offset = 30;     // percent: C' = (40 - 20) * 128 / 256 + 20
constexpr float blank_gradient = 300;  // percent per ms: M' = 600 * 128 / 256
constexpr float min_blank_percent = 20;

/// The length of vertical sync tells the aspect ratio of the rounded size.
uint32_t vsync_lines(uint32_t width, uint32_t height) {
    struct Ratio {
        uint32_t across, down, lines;
    };
    static constexpr Ratio ratios[] = {{4, 3, 4}, {16, 9, 5}, {16, 10, 6}, {5, 4, 7}, {15, 9, 7}};
    for (const Ratio& ratio : ratios) {
        if (height % ratio.down == 0 && height * ratio.across / ratio.down == width) {
            return ratio.lines;
        }
    }
    return 10;
}

uint32_t round_down(uint32_t value, uint32_t step) {
    return value - value % step;
}

/// Blanking takes a larger share of long lines.
uint32_t blanking_pixels(uint32_t hdisplay, float line_us) {
    const float blank_percent =
        std::max(static_cast<float>(static_cast<double>(blank_offset) -
                                    static_cast<double>(blank_gradient * line_us) / 1000.0),
                 min_blank_percent);
    return round_down(
        static_cast<uint32_t>(static_cast<double>(static_cast<float>(hdisplay) * blank_percent) /
                              (100.0 - static_cast<double>(blank_percent))),
        2 * cell);
}

}  // namespace

Result<ModeTimings> cvt_timings(uint32_t width, uint32_t height, double refresh_hz) {
    constexpr uint32_t max = std::numeric_limits<uint16_t>::max();
    if (width < cell || width > max || height == 0 || height > max) return Errno::Inval;
    if (!(refresh_hz >= 1.0 && refresh_hz <= 1000.0)) return Errno::Inval;

    // Single precision where libxcvt has it: the last digit of its results depends on it.
    const float field_rate = static_cast<float>(refresh_hz);
    const float line_us =
        static_cast<float>(1'000'000.0 / static_cast<double>(field_rate) - min_sync_and_back) /
        static_cast<float>(height + front_porch);
    if (!(line_us > 0)) return Errno::Inval;

    const uint32_t hdisplay = round_down(width, cell);
    const uint32_t vsync = vsync_lines(hdisplay, height);
    const double sync_and_back_lines = min_sync_and_back / static_cast<double>(line_us) + 1;
    if (sync_and_back_lines > max) return Errno::Inval;
    const uint32_t sync_and_back =
        std::max(static_cast<uint32_t>(sync_and_back_lines), vsync + min_back_porch);
    const uint32_t vtotal = height + front_porch + sync_and_back;

    const uint32_t hblank = blanking_pixels(hdisplay, line_us);
    const uint32_t htotal = hdisplay + hblank;
    const uint32_t hsync_end = hdisplay + hblank / 2;
    const uint32_t hsync_start = round_down(hsync_end - htotal * sync_percent / 100, cell) + cell;
    const double clock_khz = htotal * 1000.0 / static_cast<double>(line_us);
    if (vtotal > max || htotal > max || hsync_start < hdisplay || hsync_start > hsync_end ||
        clock_khz < clock_step_khz || clock_khz > std::numeric_limits<int32_t>::max()) {
        return Errno::Inval;
    }

    return ModeTimings{
        .clock_khz = round_down(static_cast<uint32_t>(clock_khz), clock_step_khz),
        .hdisplay = static_cast<uint16_t>(hdisplay),
        .hsync_start = static_cast<uint16_t>(hsync_start),
        .hsync_end = static_cast<uint16_t>(hsync_end),
        .htotal = static_cast<uint16_t>(htotal),
        .vdisplay = static_cast<uint16_t>(height),
        .vsync_start = static_cast<uint16_t>(height + front_porch),
        .vsync_end = static_cast<uint16_t>(height + front_porch + vsync),
        .vtotal = static_cast<uint16_t>(vtotal),
        .flags = DRM_MODE_FLAG_NHSYNC | DRM_MODE_FLAG_PVSYNC,
    };
}

}  // namespace plugboard::drm
