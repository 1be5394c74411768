#include "drm/edid/build_displayid.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "drm/edid/displayid.h"

namespace plugboard::drm::edid {
namespace {

constexpr uint8_t monitor_product = 3;  // a display, of which this is an extension

void put_word(std::span<uint8_t> to, size_t at, uint32_t value) {
    to[at] = static_cast<uint8_t>(value & 0xff);
    to[at + 1] = static_cast<uint8_t>(value >> 8 & 0xff);
}

/// Vendor, product, serial number, week and year; no name.
std::array<uint8_t, 12> product_block(const Description& of) {
    std::array<uint8_t, 12> d{};
    std::ranges::copy(of.vendor, d.begin());
    put_word(d, 3, of.product);
    put_word(d, 5, of.serial & 0xffff);
    put_word(d, 7, of.serial >> 16);
    constexpr uint16_t year_0 = 2000;
    d[10] = static_cast<uint8_t>(of.year > year_0 ? of.year - year_0 : 0);
    return d;
}

/// Size in 0.1 mm, native pixels, gamma, aspect ratio, depth.
std::array<uint8_t, 12> parameters_block(const Description& of, const ModeTimings& native) {
    std::array<uint8_t, 12> d{};
    put_word(d, 0, of.width_mm * 10);
    put_word(d, 2, of.height_mm * 10);
    put_word(d, 4, native.hdisplay);
    put_word(d, 6, native.vdisplay);
    constexpr uint8_t gamma_less_1 = 120;  // of 2.2, in hundredths, as the aspect ratio is
    d[9] = gamma_less_1;
    const uint32_t longer = std::max(native.hdisplay, native.vdisplay);
    const uint32_t shorter = std::min(native.hdisplay, native.vdisplay);
    d[10] = static_cast<uint8_t>((longer * 100 + shorter / 2) / shorter - 100);
    const uint32_t depth = of.bits_per_color - 1;
    d[11] = static_cast<uint8_t>(depth << 4 | depth);
    return d;
}

/// The depths of RGB; sRGB.
std::array<uint8_t, 10> interface_block(const Description& of) {
    std::array<uint8_t, 10> d{};
    constexpr uint8_t depth_8 = 0x02, depth_10 = 0x04, srgb_alone = 0x01;
    d[0] = static_cast<uint8_t>(depth_8 | (of.bits_per_color >= 10 ? depth_10 : 0));
    d[6] = srgb_alone;
    return d;
}

/// A detailed timing of type I.
std::array<uint8_t, displayid_timing_size> timing_1(const ModeTimings& mode, bool is_preferred) {
    constexpr uint8_t preferred = 0x80, aspect_16_9 = 4, aspect_other = 8;
    constexpr uint32_t positive_pulse = 0x8000;
    std::array<uint8_t, displayid_timing_size> d{};
    const uint32_t clock = mode.clock_khz / 10 - 1;
    put_word(d, 0, clock);
    d[2] = static_cast<uint8_t>(clock >> 16);
    const bool is_16_9 = mode.hdisplay * 9 == mode.vdisplay * 16;
    d[3] = static_cast<uint8_t>((is_preferred ? preferred : 0) |
                                (is_16_9 ? aspect_16_9 : aspect_other));
    const auto put_axis = [&](size_t at, uint32_t active, uint32_t sync_start, uint32_t sync_end,
                              uint32_t total, bool is_positive) {
        put_word(d, at, active - 1);
        put_word(d, at + 2, total - active - 1);
        put_word(d, at + 4, (sync_start - active - 1) | (is_positive ? positive_pulse : 0));
        put_word(d, at + 6, sync_end - sync_start - 1);
    };
    put_axis(4, mode.hdisplay, mode.hsync_start, mode.hsync_end, mode.htotal,
             (mode.flags & DRM_MODE_FLAG_PHSYNC) != 0);
    put_axis(12, mode.vdisplay, mode.vsync_start, mode.vsync_end, mode.vtotal,
             (mode.flags & DRM_MODE_FLAG_PVSYNC) != 0);
    return d;
}

std::array<uint8_t, tile_size> tile_block(const Tile& tile) {
    // Scales its picture up when it is the only tile, and shows nothing of it else.
    constexpr uint8_t one_enclosure = 0x80, stretched_alone = 0x02;
    std::array<uint8_t, tile_size> d{};
    const uint32_t columns = tile.columns - 1, rows = tile.rows - 1;
    d[0] = static_cast<uint8_t>((tile.is_single_monitor ? one_enclosure : 0) | stretched_alone);
    d[1] = static_cast<uint8_t>((columns & 0xf) << 4 | (rows & 0xf));
    d[2] = static_cast<uint8_t>((tile.column & 0xf) << 4 | (tile.row & 0xf));
    d[3] = static_cast<uint8_t>(columns >> 4 << 6 | rows >> 4 << 4 | tile.column >> 4 << 2 |
                                tile.row >> 4);
    put_word(d, 4, tile.width - 1);
    put_word(d, 6, tile.height - 1);
    std::ranges::copy(tile.topology, d.begin() + tile_topology_at);
    return d;
}

/// Fills a section from the front.
class Section {
  public:
    explicit Section(std::span<uint8_t, block_size> bytes) : bytes_(bytes) {}

    bool add(uint8_t tag, std::span<const uint8_t> payload) {
        // Two checksums come after it.
        if (at_ + data_header + payload.size() > checksum_at - 1) return false;
        bytes_[at_] = tag;
        bytes_[at_ + 2] = static_cast<uint8_t>(payload.size());
        std::ranges::copy(payload, bytes_.begin() + static_cast<ptrdiff_t>(at_ + data_header));
        at_ += data_header + payload.size();
        return true;
    }
    void finish() {
        bytes_[0] = displayid_tag;
        bytes_[section_at] = displayid_1_3;
        // To the block's end, as far as there is room.
        bytes_[section_at + 1] = checksum_at - 1 - section_at - section_header;
        bytes_[section_at + 2] = monitor_product;
        const auto section = bytes_.subspan(section_at, checksum_at - 1 - section_at);
        const auto sum = std::accumulate(section.begin(), section.end(), 0U);
        bytes_[checksum_at - 1] = static_cast<uint8_t>(0x100 - (sum & 0xff));
        bytes_[checksum_at] = checksum(bytes_);
    }

  private:
    const std::span<uint8_t, block_size> bytes_;
    size_t at_ = section_at + section_header;
};

}  // namespace

bool put_displayid(std::span<uint8_t, block_size> to, const Description& of) {
    Section section(to);
    // A display has a preferred timing here too.
    std::vector<ModeTimings> modes = of.displayid_timings;
    if (modes.empty()) modes.push_back(of.timings.front());
    std::vector<uint8_t> timings;
    for (size_t i = 0; i < modes.size(); ++i) {
        const auto bytes = timing_1(modes[i], i == 0);
        timings.insert(timings.end(), bytes.begin(), bytes.end());
    }
    if (!section.add(product_tag, product_block(of)) ||
        !section.add(parameters_tag, parameters_block(of, modes.front())) ||
        !section.add(interface_tag, interface_block(of)) || !section.add(timing_1_tag, timings))
        return false;
    if (of.tile && !section.add(tile_tag, tile_block(*of.tile))) return false;
    section.finish();
    return true;
}

}  // namespace plugboard::drm::edid
