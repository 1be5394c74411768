#include "drm/edid/mode_finder.h"

#include <algorithm>

#include "drm/edid/cta_modes.h"
#include "drm/edid/displayid.h"
#include "drm/edid/timings.h"
#include "drm/objects/cvt.h"
#include "drm/objects/dmt_table.h"

namespace plugboard::drm::edid {
namespace {

/// Bits of bytes 35 to 37, from the lowest of each on. Linux: edid_est_modes
// clang-format off
constexpr ModeTimings established_modes[] = {
    {40000, 800, 840, 968, 1056, 0, 600, 601, 605, 628, 0, positive},
    {36000, 800, 824, 896, 1024, 0, 600, 601, 603, 625, 0, positive},
    {31500, 640, 656, 720, 840, 0, 480, 481, 484, 500, 0, negative},
    {31500, 640, 664, 704, 832, 0, 480, 489, 492, 520, 0, negative},
    {30240, 640, 704, 768, 864, 0, 480, 483, 486, 525, 0, negative},
    {25175, 640, 656, 752, 800, 0, 480, 490, 492, 525, 0, negative},
    {35500, 720, 738, 846, 900, 0, 400, 421, 423, 449, 0, negative},
    {28320, 720, 738, 846, 900, 0, 400, 412, 414, 449, 0,
     DRM_MODE_FLAG_NHSYNC | DRM_MODE_FLAG_PVSYNC},
    {135000, 1280, 1296, 1440, 1688, 0, 1024, 1025, 1028, 1066, 0, positive},
    {78750, 1024, 1040, 1136, 1312, 0, 768, 769, 772, 800, 0, positive},
    {75000, 1024, 1048, 1184, 1328, 0, 768, 771, 777, 806, 0, negative},
    {65000, 1024, 1048, 1184, 1344, 0, 768, 771, 777, 806, 0, negative},
    {44900, 1024, 1032, 1208, 1264, 0, 768, 768, 776, 817, 0, positive | DRM_MODE_FLAG_INTERLACE},
    {57284, 832, 864, 928, 1152, 0, 624, 625, 628, 667, 0, negative},
    {49500, 800, 816, 896, 1056, 0, 600, 601, 604, 625, 0, positive},
    {50000, 800, 856, 976, 1040, 0, 600, 637, 643, 666, 0, positive},
    {108000, 1152, 1216, 1344, 1600, 0, 864, 865, 868, 900, 0, positive},
};
// clang-format on

constexpr uint16_t reduced_h_blank = 160, reduced_h_sync = 32;

bool is_reduced(const ModeTimings& of) {
    return of.htotal - of.hdisplay == reduced_h_blank &&
           of.hsync_end - of.hsync_start == reduced_h_sync;
}

/// Where a video mode is sent as fields, some monitors give the lines of one field.
/// Linux: drm_mode_do_interlace_quirk
void double_field_lines(ModeTimings& of) {
    constexpr Size frames[] = {{1920, 1080}, {720, 480},  {1440, 480}, {2880, 480},
                               {720, 576},   {1440, 576}, {2880, 576}};
    for (const Size& frame : frames) {
        if (of.hdisplay != frame.width || of.vdisplay != frame.height / 2) continue;
        of.vdisplay = static_cast<uint16_t>(of.vdisplay * 2);
        of.vsync_start = static_cast<uint16_t>(of.vsync_start * 2);
        of.vsync_end = static_cast<uint16_t>(of.vsync_end * 2);
        of.vtotal = static_cast<uint16_t>(of.vtotal * 2 | 1);
    }
}

/// Linux: svd_to_vic
uint8_t vic_of(uint8_t video_descriptor) {
    const bool has_native_bit = video_descriptor >= 129 && video_descriptor <= 192;
    return has_native_bit ? video_descriptor & 0x7f : video_descriptor;
}

const ModeTimings* find_dmt(uint32_t width, uint32_t height, uint32_t hz, bool reduced) {
    for (const DmtEntry& entry : dmt_table()) {
        const Mode mode = entry.mode();
        if (mode.size() == Size{width, height} && mode.vrefresh() == hz &&
            is_reduced(entry.timings) == reduced)
            return &entry.timings;
    }
    return nullptr;
}

}  // namespace

std::vector<Mode> ModeFinder::find() {
    add_detailed_modes();
    add_standard_modes();
    add_established_modes();
    add_cta_modes();
    add_alternate_cta_modes();
    add_displayid_modes();
    add_modes_in_range();
    return std::move(modes_);
}

void ModeFinder::add(const Mode& mode) {
    const auto known = std::ranges::find(modes_, mode);
    if (known == modes_.end()) return modes_.push_back(mode);
    if (mode.is_preferred()) known->set_preferred(true);
}

bool ModeFinder::has(uint32_t width, uint32_t height, uint32_t refresh_hz) const {
    return std::ranges::any_of(modes_, [&](const Mode& mode) {
        return mode.size() == Size{width, height} && mode.vrefresh() == refresh_hz;
    });
}

/// Those of the base block, then those behind the data blocks of the extensions.
template <class Use>
void ModeFinder::for_each_descriptor(Use use) const {
    for (size_t i = 0; i < detailed_count; ++i)
        use(base_.subspan(detailed_at + i * detailed_size).first<detailed_size>());
    for (const Block& extension : extensions_) {
        size_t at = extension[2];
        if (at < 4) continue;
        for (; at + detailed_size <= checksum_at; at += detailed_size)
            use(extension.subspan(at).first<detailed_size>());
    }
}

void ModeFinder::add_detailed_modes() {
    next_is_preferred_ = base_[revision_at] >= 4 || (base_[features_at] & preferred_feature) != 0;
    for_each_descriptor([&](Descriptor descriptor) {
        if (descriptor[0] != 0 || descriptor[1] != 0) add_detailed(descriptor);
    });
}

// Linux: drm_mode_detailed
void ModeFinder::add_detailed(Descriptor d) {
    constexpr uint8_t interlaced = 0x80, stereo = 0x60, positive_v = 0x04, positive_h = 0x02;
    const auto both = [&](size_t low, size_t from, uint32_t mask, uint32_t shift) {
        return d[low] | (d[from] >> shift & mask) << 8;
    };
    const uint32_t width = both(2, 4, 0xf, 4), h_blank = both(3, 4, 0xf, 0);
    const uint32_t height = both(5, 7, 0xf, 4), v_blank = both(6, 7, 0xf, 0);
    const uint32_t h_front = both(8, 11, 3, 6), h_sync = both(9, 11, 3, 4);
    const uint32_t v_front = static_cast<uint32_t>(d[10] >> 4 | (d[11] >> 2 & 3) << 4);
    const uint32_t v_sync = static_cast<uint32_t>((d[10] & 0xf) | (d[11] & 3) << 4);
    const uint8_t flags = d[17];
    constexpr uint32_t smallest = 64;
    if (width < smallest || height < smallest) return;
    if ((flags & stereo) != 0 || h_sync == 0 || v_sync == 0) return;

    const auto u16 = [](uint32_t value) { return static_cast<uint16_t>(value); };
    ModeTimings timings{.clock_khz = static_cast<uint32_t>(d[0] | d[1] << 8) * 10,
                        .hdisplay = u16(width),
                        .hsync_start = u16(width + h_front),
                        .hsync_end = u16(width + h_front + h_sync),
                        .htotal = u16(width + h_blank),
                        .vdisplay = u16(height),
                        .vsync_start = u16(height + v_front),
                        .vsync_end = u16(height + v_front + v_sync),
                        .vtotal = u16(height + v_blank)};
    if (timings.hsync_end > timings.htotal) timings.htotal = u16(timings.hsync_end + 1U);
    if (timings.vsync_end > timings.vtotal) timings.vtotal = u16(timings.vsync_end + 1U);
    if ((flags & interlaced) != 0) {
        double_field_lines(timings);
        timings.flags |= DRM_MODE_FLAG_INTERLACE;
    }
    timings.flags |= (flags & positive_h) != 0 ? DRM_MODE_FLAG_PHSYNC : DRM_MODE_FLAG_NHSYNC;
    timings.flags |= (flags & positive_v) != 0 ? DRM_MODE_FLAG_PVSYNC : DRM_MODE_FLAG_NVSYNC;
    if (const CtaEntry* entry = find_cta_timings(timings)) {
        const uint32_t exact[] = {entry->timings.clock_khz, alternate_clock(*entry)};
        const auto distance = [&](uint32_t clock) {
            return std::max(clock, timings.clock_khz) - std::min(clock, timings.clock_khz);
        };
        timings.clock_khz = *std::ranges::min_element(exact, {}, distance);
    }
    const auto mode = Mode::create(
        timings, {}, DRM_MODE_TYPE_DRIVER | (next_is_preferred_ ? DRM_MODE_TYPE_PREFERRED : 0U));
    if (!mode.ok()) return;
    add(*mode);
    next_is_preferred_ = false;
}

void ModeFinder::add_standard_modes() {
    for (size_t i = 0; i < standard_count; ++i)
        add_standard(base_[standard_at + 2 * i], base_[standard_at + 2 * i + 1]);
    if (base_[revision_at] == 0) return;
    constexpr size_t count = 6;
    for_each_descriptor([&](Descriptor d) {
        if (d[0] != 0 || d[1] != 0 || d[2] != 0 || d[3] != standard_tag) return;
        for (size_t i = 0; i < count; ++i) add_standard(d[5 + 2 * i], d[6 + 2 * i]);
    });
}

// Linux: drm_mode_std
void ModeFinder::add_standard(uint8_t size, uint8_t aspect_and_rate) {
    const bool is_unused =
        size == aspect_and_rate && (size == 0x00 || size == 0x01 || size == 0x20);
    if (is_unused) return;
    uint32_t width = size * 8U + 248;
    const uint32_t hz = (aspect_and_rate & 0x3fU) + 60;
    uint32_t height = 0;
    switch (aspect_and_rate >> 6) {
        case 0: height = base_[revision_at] < 3 ? width : width * 10 / 16; break;
        case 1: height = width * 3 / 4; break;
        case 2: height = width * 4 / 5; break;
        default: height = width * 9 / 16; break;
    }
    // 1366x768 cannot be said in multiples of 8.
    if (hz == 60 && ((width == 1360 && height == 765) || (width == 1368 && height == 769))) {
        width = 1366;
        height = 768;
    }
    if (has(width, height, hz)) return;
    const ModeTimings* known = find_dmt(width, height, hz, true);
    if (!known) known = find_dmt(width, height, hz, false);
    if (known) return add(*Mode::create(*known));
    const bool by_cvt = base_[revision_at] >= 4 && (base_[input_at] & digital_input) != 0;
    if (!by_cvt) return;
    const auto mode = Mode::try_cvt(width, height, hz);
    if (mode.ok()) add(*mode);
}

void ModeFinder::add_established_modes() {
    const uint32_t bits = base_[established_at] | uint32_t{base_[established_at + 1]} << 8 |
                          (base_[established_at + 2] & 0x80U) << 9;
    for (size_t i = 0; i < std::size(established_modes); ++i)
        if ((bits >> i & 1) != 0) add(*Mode::create(established_modes[i]));
}

void ModeFinder::add_cta_modes() {
    constexpr uint8_t video_tag = 2;
    for (const Block& extension : extensions_) {
        for_each_data_block(extension, [&](uint8_t tag, std::span<const uint8_t> payload) {
            if (tag != video_tag) return;
            for (const uint8_t video : payload)
                if (const CtaEntry* entry = find_vic(vic_of(video))) add(entry->mode());
        });
    }
}

// Linux: add_alternate_cea_modes
void ModeFinder::add_alternate_cta_modes() {
    if (extensions_.empty()) return;
    std::vector<Mode> more;
    for (const Mode& mode : modes_) {
        const CtaEntry* entry = find_cta_timings(mode.timings());
        if (!entry) continue;
        ModeTimings timings = mode.timings();
        const uint32_t slow_or_fast = alternate_clock(*entry);
        if (slow_or_fast == entry->timings.clock_khz) continue;
        if (timings.clock_khz != entry->timings.clock_khz && timings.clock_khz != slow_or_fast)
            continue;
        timings.clock_khz =
            timings.clock_khz == slow_or_fast ? entry->timings.clock_khz : slow_or_fast;
        const auto other = Mode::create(timings, {}, DRM_MODE_TYPE_DRIVER, mode.aspect());
        if (other.ok()) more.push_back(*other);
    }
    for (const Mode& mode : more) add(mode);
}

// Linux: add_displayid_detailed_modes
void ModeFinder::add_displayid_modes() {
    for (const Block& extension : displayids_) {
        for_each_displayid_block(extension, [&](uint8_t tag, std::span<const uint8_t> payload) {
            if (tag != timing_1_tag && tag != timing_7_tag) return;
            for (; payload.size() >= displayid_timing_size;
                 payload = payload.subspan(displayid_timing_size)) {
                const auto mode =
                    displayid_mode(payload.first<displayid_timing_size>(), tag == timing_7_tag);
                if (mode) add(*mode);
            }
        });
    }
}

/// A monitor for any mode within limits gets those of DMT. Linux: drm_dmt_modes_for_range
void ModeFinder::add_modes_in_range() {
    if (base_[revision_at] < 1 || (base_[features_at] & continuous_feature) == 0) return;
    for_each_descriptor([&](Descriptor d) {
        if (d[0] != 0 || d[1] != 0 || d[2] != 0 || d[3] != range_tag) return;
        const uint32_t offsets = base_[revision_at] >= 4 ? d[4] : 0;
        const auto limit = [&](size_t at, uint32_t bits) {
            return d[at] + ((offsets & bits) == bits ? 255U : 0U);
        };
        const uint32_t min_hz = limit(5, 3), max_hz = limit(6, 2);
        const uint32_t min_khz = limit(7, 12), max_khz = limit(8, 8);
        const uint32_t max_clock_khz = d[9] == 0 || d[9] == 0xff ? UINT32_MAX : d[9] * 10'000U;
        for (const DmtEntry& entry : dmt_table()) {
            const Mode mode = entry.mode();
            const Size size = mode.size();
            const uint32_t khz =
                (entry.timings.clock_khz + entry.timings.htotal / 2) / entry.timings.htotal;
            const uint32_t hz = mode.vrefresh();
            const bool is_smaller = std::ranges::any_of(modes_, [&](const Mode& other) {
                return size.width <= other.size().width && size.height <= other.size().height;
            });
            if (hz < min_hz || hz > max_hz || khz < min_khz || khz > max_khz) continue;
            if (entry.timings.clock_khz > max_clock_khz || is_reduced(entry.timings)) continue;
            if (is_smaller && !has(size.width, size.height, hz)) add(mode);
        }
    });
}

}  // namespace plugboard::drm::edid
