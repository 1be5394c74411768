#include "drm/edid/displayid.h"

#include <algorithm>
#include <numeric>

namespace plugboard::drm::edid {
namespace {

uint32_t word(std::span<const uint8_t> bytes, size_t at) {
    return bytes[at] | uint32_t{bytes[at + 1]} << 8;
}

}  // namespace

// Linux: validate_displayid
std::span<const uint8_t> displayid_section(Block extension) {
    if (extension[0] != displayid_tag) return {};
    const size_t size = section_header + extension[section_at + 1];
    if (section_at + size + 1 > checksum_at) return {};
    const auto section = std::span<const uint8_t>(extension).subspan(section_at, size + 1);
    if ((std::accumulate(section.begin(), section.end(), 0U) & 0xff) != 0) return {};
    return section.first(size);
}

// Linux: drm_mode_displayid_detailed
std::optional<Mode> displayid_mode(std::span<const uint8_t, displayid_timing_size> d,
                                   bool is_type_7) {
    constexpr uint8_t preferred = 0x80, interlaced = 0x10;
    constexpr uint32_t positive_pulse = 0x8000, porch = 0x7fff;
    const uint32_t clock = (word(d, 0) | uint32_t{d[2]} << 16) + 1;
    struct Axis {
        uint32_t active, sync_start, sync_end, total;
        bool is_positive;
    };
    const auto axis = [&](size_t at) {
        const uint32_t active = word(d, at) + 1, front = word(d, at + 4);
        const uint32_t sync_start = active + (front & porch) + 1;
        return Axis{active, sync_start, sync_start + word(d, at + 6) + 1,
                    active + word(d, at + 2) + 1, (front & positive_pulse) != 0};
    };
    const Axis h = axis(4), v = axis(12);
    if (std::max({h.total, h.sync_end, v.total, v.sync_end}) > UINT16_MAX) return std::nullopt;
    const auto u16 = [](uint32_t value) { return static_cast<uint16_t>(value); };
    ModeTimings timings{.clock_khz = is_type_7 ? clock : clock * 10,
                        .hdisplay = u16(h.active),
                        .hsync_start = u16(h.sync_start),
                        .hsync_end = u16(h.sync_end),
                        .htotal = u16(h.total),
                        .vdisplay = u16(v.active),
                        .vsync_start = u16(v.sync_start),
                        .vsync_end = u16(v.sync_end),
                        .vtotal = u16(v.total)};
    timings.flags |= h.is_positive ? DRM_MODE_FLAG_PHSYNC : DRM_MODE_FLAG_NHSYNC;
    timings.flags |= v.is_positive ? DRM_MODE_FLAG_PVSYNC : DRM_MODE_FLAG_NVSYNC;
    if ((d[3] & interlaced) != 0) timings.flags |= DRM_MODE_FLAG_INTERLACE;
    const auto mode = Mode::create(
        timings, {},
        DRM_MODE_TYPE_DRIVER | ((d[3] & preferred) != 0 ? DRM_MODE_TYPE_PREFERRED : 0U));
    if (!mode.ok()) return std::nullopt;
    return *mode;
}

// Linux: drm_parse_tiled_block
std::optional<Tile> displayid_tile(std::span<const uint8_t> payload) {
    if (payload.size() < tile_size) return std::nullopt;
    constexpr uint8_t one_enclosure = 0x80;
    const uint32_t counts = payload[1], places = payload[2], high = payload[3];
    const auto with_high = [&](uint32_t low, uint32_t shift) {
        return low | (high >> shift & 3) << 4;
    };
    Tile tile{.topology = {},
              .is_single_monitor = (payload[0] & one_enclosure) != 0,
              .columns = with_high(counts >> 4, 6) + 1,
              .rows = with_high(counts & 0xf, 4) + 1,
              .column = with_high(places >> 4, 2),
              .row = with_high(places & 0xf, 0),
              .width = word(payload, 4) + 1,
              .height = word(payload, 6) + 1};
    std::ranges::copy(payload.subspan(tile_topology_at, tile.topology.size()),
                      tile.topology.begin());
    return tile;
}

}  // namespace plugboard::drm::edid
