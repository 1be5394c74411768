#include "drm/edid/cta_modes.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdlib>

#include "drm/edid/timings.h"

namespace plugboard::drm::edid {
namespace {

constexpr uint32_t interlace = DRM_MODE_FLAG_INTERLACE;
constexpr uint32_t twice = DRM_MODE_FLAG_DBLCLK;
constexpr AspectRatio is_4_3 = AspectRatio::Ratio4To3;
constexpr AspectRatio is_16_9 = AspectRatio::Ratio16To9;
constexpr AspectRatio is_256_135 = AspectRatio::Ratio256To135;

/// Active pixels or lines, where sync starts, where it ends, the total.
using Axis = std::array<uint16_t, 4>;

constexpr Axis lines_480{480, 489, 495, 525}, lines_480i{480, 488, 494, 525},
    lines_576{576, 581, 586, 625}, lines_576i{576, 580, 586, 625}, lines_720{720, 725, 730, 750},
    lines_1080{1080, 1084, 1089, 1125}, lines_1080i{1080, 1084, 1094, 1125},
    lines_2160{2160, 2168, 2178, 2250};

constexpr CtaEntry row(uint8_t vic, uint32_t clock_khz, Axis h, Axis v, uint32_t flags,
                       AspectRatio aspect) {
    return {.vic = vic,
            .timings = {.clock_khz = clock_khz,
                        .hdisplay = h[0],
                        .hsync_start = h[1],
                        .hsync_end = h[2],
                        .htotal = h[3],
                        .vdisplay = v[0],
                        .vsync_start = v[1],
                        .vsync_end = v[2],
                        .vtotal = v[3],
                        .flags = flags},
            .aspect = aspect};
}

// clang-format off
constexpr CtaEntry entries[] = {
    row(1, 25175, {640, 656, 752, 800}, {480, 490, 492, 525}, negative, is_4_3),
    row(2, 27000, {720, 736, 798, 858}, lines_480, negative, is_4_3),
    row(3, 27000, {720, 736, 798, 858}, lines_480, negative, is_16_9),
    row(4, 74250, {1280, 1390, 1430, 1650}, lines_720, positive, is_16_9),
    row(5, 74250, {1920, 2008, 2052, 2200}, lines_1080i, positive | interlace, is_16_9),
    row(6, 13500, {720, 739, 801, 858}, lines_480i, negative | interlace | twice, is_4_3),
    row(7, 13500, {720, 739, 801, 858}, lines_480i, negative | interlace | twice, is_16_9),
    row(16, 148500, {1920, 2008, 2052, 2200}, lines_1080, positive, is_16_9),
    row(17, 27000, {720, 732, 796, 864}, lines_576, negative, is_4_3),
    row(18, 27000, {720, 732, 796, 864}, lines_576, negative, is_16_9),
    row(19, 74250, {1280, 1720, 1760, 1980}, lines_720, positive, is_16_9),
    row(20, 74250, {1920, 2448, 2492, 2640}, lines_1080i, positive | interlace, is_16_9),
    row(21, 13500, {720, 732, 795, 864}, lines_576i, negative | interlace | twice, is_4_3),
    row(22, 13500, {720, 732, 795, 864}, lines_576i, negative | interlace | twice, is_16_9),
    row(31, 148500, {1920, 2448, 2492, 2640}, lines_1080, positive, is_16_9),
    row(32, 74250, {1920, 2558, 2602, 2750}, lines_1080, positive, is_16_9),
    row(33, 74250, {1920, 2448, 2492, 2640}, lines_1080, positive, is_16_9),
    row(34, 74250, {1920, 2008, 2052, 2200}, lines_1080, positive, is_16_9),
    row(41, 148500, {1280, 1720, 1760, 1980}, lines_720, positive, is_16_9),
    row(47, 148500, {1280, 1390, 1430, 1650}, lines_720, positive, is_16_9),
    row(60, 59400, {1280, 3040, 3080, 3300}, lines_720, positive, is_16_9),
    row(61, 74250, {1280, 3700, 3740, 3960}, lines_720, positive, is_16_9),
    row(62, 74250, {1280, 3040, 3080, 3300}, lines_720, positive, is_16_9),
    row(63, 297000, {1920, 2008, 2052, 2200}, lines_1080, positive, is_16_9),
    row(64, 297000, {1920, 2448, 2492, 2640}, lines_1080, positive, is_16_9),
    row(93, 297000, {3840, 5116, 5204, 5500}, lines_2160, positive, is_16_9),
    row(94, 297000, {3840, 4896, 4984, 5280}, lines_2160, positive, is_16_9),
    row(95, 297000, {3840, 4016, 4104, 4400}, lines_2160, positive, is_16_9),
    row(96, 594000, {3840, 4896, 4984, 5280}, lines_2160, positive, is_16_9),
    row(97, 594000, {3840, 4016, 4104, 4400}, lines_2160, positive, is_16_9),
    row(98, 297000, {4096, 5116, 5204, 5500}, lines_2160, positive, is_256_135),
    row(99, 297000, {4096, 5064, 5152, 5280}, lines_2160, positive, is_256_135),
    row(100, 297000, {4096, 4184, 4272, 4400}, lines_2160, positive, is_256_135),
    row(101, 594000, {4096, 5064, 5152, 5280}, lines_2160, positive, is_256_135),
    row(102, 594000, {4096, 4184, 4272, 4400}, lines_2160, positive, is_256_135),
};
// clang-format on

constexpr uint32_t clock_tolerance_khz = 5;

bool is_near(uint32_t a, uint32_t b) {
    return (a > b ? a - b : b - a) <= clock_tolerance_khz;
}

}  // namespace

Mode CtaEntry::mode() const {
    const auto mode = Mode::create(timings, {}, DRM_MODE_TYPE_DRIVER, aspect);
    assert(mode.ok());
    return *mode;
}

std::span<const CtaEntry> cta_table() {
    return entries;
}

const CtaEntry* find_vic(uint8_t vic) {
    const auto* const found = std::ranges::find(entries, vic, &CtaEntry::vic);
    return found == std::end(entries) ? nullptr : found;
}

// Linux: cea_mode_alternate_clock
uint32_t alternate_clock(const CtaEntry& entry) {
    const uint32_t clock = entry.timings.clock_khz;
    if (entry.mode().vrefresh() % 6 != 0) return clock;
    // The table has the 480 lines at 59.94 Hz, all else at 60.
    const bool is_slow = entry.timings.vdisplay == 240 || entry.timings.vdisplay == 480;
    return is_slow ? (clock * 1001 + 500) / 1000 : (clock * 1000 + 500) / 1001;
}

// Linux: fixup_detailed_cea_mode_clock
const CtaEntry* find_cta_timings(const ModeTimings& timings) {
    for (const CtaEntry& entry : entries) {
        ModeTimings same = entry.timings;
        same.clock_khz = timings.clock_khz;
        if (same != timings) continue;
        if (is_near(timings.clock_khz, entry.timings.clock_khz) ||
            is_near(timings.clock_khz, alternate_clock(entry)))
            return &entry;
    }
    return nullptr;
}

}  // namespace plugboard::drm::edid
