// Writes the bytes of an EDID 1.4, or 1.3 for HDMI, and of its CTA-861 extension.
// VESA Enhanced EDID 1.4; CTA-861-G section 7.
#include <algorithm>
#include <array>
#include <string_view>

#include "drm/edid/block.h"
#include "drm/edid/build_displayid.h"
#include "drm/edid/cta_modes.h"
#include "drm/edid/description.h"
#include "drm/edid/timings.h"

namespace plugboard::drm::edid {
namespace {

using Bytes = std::array<uint8_t, block_size>;

constexpr size_t max_name = 13;
constexpr uint16_t first_year = 1990, last_year = 2245;
constexpr uint8_t gamma_2_2 = 120;
// Chromaticity of sRGB: two low bits of each, then red, green, blue, white.
constexpr std::array<uint8_t, 10> srgb{0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54};
// The three that every monitor shows: bits of byte 35 and 36.
struct Established {
    uint8_t byte, bit;
    uint16_t width, height;
};
constexpr Established established[] = {
    {0, 0x20, 640, 480}, {0, 0x01, 800, 600}, {1, 0x08, 1024, 768}};

uint8_t low(uint32_t value) {
    return static_cast<uint8_t>(value & 0xff);
}
/// The bits above the low byte, moved to `shift`.
uint8_t high(uint32_t value, uint32_t shift) {
    return static_cast<uint8_t>((value >> 8) << shift);
}

bool has_displayid(const Description& of) {
    return !of.displayid_timings.empty() || of.tile;
}

/// HDMI wants 1.3.
uint8_t revision_of(const Description& of) {
    return of.input == Input::Hdmi ? 3 : 4;
}

uint8_t input_byte(const Description& of) {
    const auto depth = static_cast<uint8_t>((of.bits_per_color / 2 - 2) << 4);
    switch (of.input) {
        case Input::Analog: return 0x0e;  // 0.7 V, separate, composite and green syncs
        case Input::Digital: return digital_input | depth;
        case Input::Dvi: return digital_input | depth | 1;
        case Input::Hdmi: return digital_input;  // 1.3 says no more
        case Input::DisplayPort: return digital_input | depth | 5;
    }
    return digital_input;
}

/// Only a connection of packets can vary its rate as its picture comes.
bool has_vrr(const Description& of) {
    return of.input == Input::DisplayPort && of.vrr_max_hz != 0;
}

void put_detailed(std::span<uint8_t> to, const ModeTimings& mode, const Description& of) {
    const uint32_t h_blank = mode.htotal - mode.hdisplay, v_blank = mode.vtotal - mode.vdisplay;
    const uint32_t h_front = mode.hsync_start - mode.hdisplay;
    const uint32_t h_sync = mode.hsync_end - mode.hsync_start;
    const uint32_t v_front = mode.vsync_start - mode.vdisplay;
    const uint32_t v_sync = mode.vsync_end - mode.vsync_start;
    const uint32_t clock = (mode.clock_khz + 5) / 10;
    constexpr uint8_t separate_syncs = 0x18, positive_v = 0x04, positive_h = 0x02;
    uint8_t flags = separate_syncs;
    if ((mode.flags & DRM_MODE_FLAG_PHSYNC) != 0) flags |= positive_h;
    if ((mode.flags & DRM_MODE_FLAG_PVSYNC) != 0) flags |= positive_v;
    const std::array<uint8_t, detailed_size> bytes{
        low(clock),
        low(clock >> 8),
        low(mode.hdisplay),
        low(h_blank),
        static_cast<uint8_t>(high(mode.hdisplay, 4) | high(h_blank, 0)),
        low(mode.vdisplay),
        low(v_blank),
        static_cast<uint8_t>(high(mode.vdisplay, 4) | high(v_blank, 0)),
        low(h_front),
        low(h_sync),
        static_cast<uint8_t>((v_front & 0xf) << 4 | (v_sync & 0xf)),
        static_cast<uint8_t>(high(h_front, 6) | high(h_sync, 4) | (v_front >> 4) << 2 |
                             v_sync >> 4),
        low(of.width_mm),
        low(of.height_mm),
        static_cast<uint8_t>(high(of.width_mm, 4) | high(of.height_mm, 0)),
        0,
        0,
        flags,
    };
    std::ranges::copy(bytes, to.begin());
}

void put_descriptor(std::span<uint8_t> to, uint8_t tag) {
    std::ranges::fill(to, uint8_t{0});
    to[3] = tag;
}

void put_text(std::span<uint8_t> to, uint8_t tag, std::string_view text) {
    put_descriptor(to, tag);
    const auto place = to.subspan(5);
    std::ranges::fill(place, uint8_t{' '});
    std::ranges::copy(text, place.begin());
    if (text.size() < place.size()) place[text.size()] = '\n';
}

/// The least and the most that a monitor with these timings needs.
void put_range_limits(std::span<uint8_t> to, const Description& of,
                      const std::vector<ModeTimings>& timings) {
    const uint8_t revision = revision_of(of);
    uint32_t min_hz = 255, max_hz = 1, min_khz = 255, max_khz = 1, max_clock = 0;
    for (const ModeTimings& mode : timings) {
        const uint32_t khz = mode.clock_khz / mode.htotal;
        const uint32_t hz = mode.clock_khz * 1000 / (uint32_t{mode.htotal} * mode.vtotal);
        min_hz = std::min(min_hz, hz);
        max_hz = std::max(max_hz, hz + 1);
        min_khz = std::min(min_khz, khz);
        max_khz = std::max(max_khz, khz + 1);
        max_clock = std::max(max_clock, mode.clock_khz);
    }
    if (has_vrr(of)) {
        min_hz = of.vrr_min_hz;
        max_hz = of.vrr_max_hz;
    }
    put_descriptor(to, range_tag);
    // 255 more, in byte 4, where a byte is too small.
    const auto split = [&](uint32_t value, uint8_t bit) {
        if (value <= 255 || revision < 4) return static_cast<uint8_t>(std::min(value, 255U));
        to[4] |= bit;
        return static_cast<uint8_t>(std::min(value - 255, 255U));
    };
    to[5] = static_cast<uint8_t>(std::max(min_hz, 1U));
    to[6] = split(max_hz, 0x02);
    to[7] = static_cast<uint8_t>(std::max(min_khz, 1U));
    to[8] = split(max_khz, 0x08);
    to[9] = static_cast<uint8_t>(std::min((max_clock + 9999) / 10000, 255U));  // in 10 MHz
    to[10] = revision < 4 ? 0 : 1;                                             // limits, no formula
    to[11] = '\n';
    std::ranges::fill(to.subspan(12), uint8_t{' '});
}

/// Of the base block and the extension: what the limits have to span.
std::vector<ModeTimings> all_timings(const Description& description, const Bytes& base) {
    std::vector<ModeTimings> all = description.timings;
    all.insert(all.end(), description.displayid_timings.begin(),
               description.displayid_timings.end());
    for (const uint8_t vic : description.vics)
        if (const CtaEntry* entry = find_vic(vic)) all.push_back(entry->timings);
    for (const Established& one : established) {
        if ((base[established_at + one.byte] & one.bit) == 0) continue;
        if (const auto timings = timings_for(one.width, one.height, 60); timings.ok())
            all.push_back(*timings);
    }
    return all;
}

void put_established(Bytes& base, const ModeTimings& preferred) {
    for (const Established& one : established) {
        if (one.width <= preferred.hdisplay && one.height <= preferred.vdisplay)
            base[established_at + one.byte] |= one.bit;
    }
}

void put_identity(Bytes& base, const Description& of) {
    uint32_t vendor = 0;
    for (const char letter : of.vendor) vendor = vendor << 5 | static_cast<uint32_t>(letter - '@');
    base[8] = low(vendor >> 8);
    base[9] = low(vendor);
    base[10] = low(of.product);
    base[11] = low(of.product >> 8);
    for (uint32_t i = 0; i < 4; ++i) base[12 + i] = low(of.serial >> (8 * i));
    base[17] = static_cast<uint8_t>(of.year - first_year);
    base[version_at] = 1;
    base[revision_at] = revision_of(of);
}

Bytes base_block(const Description& of) {
    Bytes base{};
    std::ranges::copy(header, base.begin());
    put_identity(base, of);
    base[input_at] = input_byte(of);
    base[width_cm_at] = static_cast<uint8_t>((of.width_mm + 5) / 10);
    base[height_cm_at] = static_cast<uint8_t>((of.height_mm + 5) / 10);
    base[gamma_at] = gamma_2_2;
    base[features_at] = preferred_feature | srgb_feature;
    // RGB; of a digital one since 1.4 this says which YCbCr there is.
    if (of.input == Input::Analog || revision_of(of) < 4) base[features_at] |= 0x08;
    if (has_vrr(of)) base[features_at] |= continuous_feature;
    std::ranges::copy(srgb, base.begin() + colours_at);
    put_established(base, of.timings.front());
    std::fill_n(base.begin() + standard_at, 2 * standard_count, uint8_t{1});  // none
    const auto descriptor = [&](size_t i) {
        return std::span(base).subspan(detailed_at + i * detailed_size, detailed_size);
    };
    put_detailed(descriptor(0), of.timings.front(), of);
    if (of.timings.size() > 1) {
        put_detailed(descriptor(1), of.timings[1], of);
    } else {
        put_descriptor(descriptor(1), dummy_tag);
    }
    put_range_limits(descriptor(2), of, all_timings(of, base));
    put_text(descriptor(3), name_tag, of.name);
    return base;
}

/// Fills an extension from the front: data blocks, then timings.
class Extension {
  public:
    explicit Extension(const Description& of) : of_(of) {
        bytes_[0] = cta_tag;
        bytes_[1] = 3;
        bytes_[3] = 0x80;  // nothing is cut off at the edges
    }

    /// False: no room.
    bool add_block(uint8_t tag, std::span<const uint8_t> payload) {
        constexpr size_t max_payload = 31;
        if (payload.size() > max_payload || at_ + 1 + payload.size() > checksum_at) return false;
        bytes_[at_++] = static_cast<uint8_t>(size_t{tag} << 5 | payload.size());
        std::ranges::copy(payload, bytes_.begin() + static_cast<ptrdiff_t>(at_));
        at_ += payload.size();
        return true;
    }
    void end_blocks() { bytes_[2] = static_cast<uint8_t>(at_); }
    bool add_detailed(const ModeTimings& mode) {
        if (at_ + detailed_size > checksum_at) return false;
        put_detailed(std::span(bytes_).subspan(at_, detailed_size), mode, of_);
        at_ += detailed_size;
        return true;
    }
    Bytes finished() {
        bytes_[checksum_at] = checksum(bytes_);
        return bytes_;
    }

  private:
    const Description& of_;
    Bytes bytes_{};
    size_t at_ = 4;
};

uint32_t fastest_clock_khz(const Description& of) {
    uint32_t clock = 0;
    for (const ModeTimings& mode : of.timings) clock = std::max(clock, mode.clock_khz);
    for (const uint8_t vic : of.vics)
        if (const CtaEntry* entry = find_vic(vic))
            clock = std::max(clock, entry->timings.clock_khz);
    return clock;
}

bool add_hdmi_blocks(Extension& extension, const Description& of) {
    constexpr uint32_t hdmi_1_limit_khz = 340'000;
    const uint32_t clock = fastest_clock_khz(of);
    const auto in_5_mhz = [](uint32_t khz) { return static_cast<uint8_t>((khz + 4999) / 5000); };
    // OUI 00-0C-03, physical address 1.0.0.0, no extras, TMDS clock.
    const std::array<uint8_t, 7> hdmi{
        0x03, 0x0c, 0x00, 0x10, 0x00, 0x00, in_5_mhz(std::min(clock, hdmi_1_limit_khz))};
    if (!extension.add_block(3, hdmi)) return false;
    if (clock > hdmi_1_limit_khz) {
        // OUI C4-5D-D8, version 1, character rate, SCDC.
        const std::array<uint8_t, 7> forum{0xd8, 0x5d, 0xc4, 0x01, in_5_mhz(clock), 0x80, 0x00};
        if (!extension.add_block(3, forum)) return false;
    }
    return true;
}

bool add_hdr_blocks(Extension& extension) {
    // Colorimetry: BT.2020 in RGB and both YCC. HDR: SDR, PQ and HLG, static metadata of type 1,
    // 603 cd/m2 at most, 351 over a whole frame, 0.07 at least.
    const std::array<uint8_t, 3> colorimetry{0x05, 0xe0, 0x00};
    const std::array<uint8_t, 6> hdr{0x06, 0x0d, 0x01, 115, 90, 27};
    return extension.add_block(7, colorimetry) && extension.add_block(7, hdr);
}

Result<Bytes> extension_block(const Description& of) {
    Extension extension(of);
    if (!of.vics.empty() && !extension.add_block(2, of.vics)) return Errno::Inval;
    if (of.input == Input::Hdmi && !add_hdmi_blocks(extension, of)) return Errno::Inval;
    // Quantization can be chosen; underscan.
    const std::array<uint8_t, 2> capabilities{0x00, 0x4a};
    if (!extension.add_block(7, capabilities)) return Errno::Inval;
    if (of.is_hdr && !add_hdr_blocks(extension)) return Errno::Inval;
    if (of.is_headset) {
        // Microsoft's OUI CA-12-5C, version 3, no desktop: a virtual reality headset.
        constexpr std::array<uint8_t, 21> headset{0x5c, 0x12, 0xca, 0x03, 0x07};
        if (!extension.add_block(3, headset)) return Errno::Inval;
    }
    extension.end_blocks();
    for (size_t i = 2; i < of.timings.size(); ++i)
        if (!extension.add_detailed(of.timings[i])) return Errno::Inval;
    return extension.finished();
}

bool is_text(std::string_view text) {
    return text.size() <= max_name &&
           std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_valid(const Description& of) {
    constexpr uint32_t max_mm = 2550;  // a byte of centimetres
    const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
    // 1.3 would want a map of more than one extension.
    if (has_displayid(of) && revision_of(of) < 4) return false;
    return !of.timings.empty() && std::ranges::all_of(of.timings, fit_detailed_timing) &&
           of.vendor.size() == 3 && std::ranges::all_of(of.vendor, is_capital) &&
           is_text(of.name) && of.year >= first_year && of.year <= last_year &&
           of.width_mm <= max_mm && of.height_mm <= max_mm && of.bits_per_color >= 6 &&
           of.bits_per_color <= 16 && of.bits_per_color % 2 == 0 && of.vrr_min_hz <= 255 &&
           of.vrr_max_hz <= 510 && of.vrr_min_hz <= of.vrr_max_hz;
}

}  // namespace

Result<std::vector<std::byte>> build(const Description& description) {
    if (!is_valid(description)) return Errno::Inval;
    Bytes base = base_block(description);
    std::vector<std::byte> edid;
    const auto add = [&](const Bytes& block) {
        const auto bytes = std::as_bytes(std::span(block));
        edid.insert(edid.end(), bytes.begin(), bytes.end());
    };
    const bool is_extended = description.timings.size() > 2 || !description.vics.empty() ||
                             description.input == Input::Hdmi || description.is_headset ||
                             description.is_hdr;
    const bool is_displayid = has_displayid(description);
    base[extensions_at] = static_cast<uint8_t>(int{is_extended} + int{is_displayid});
    base[checksum_at] = checksum(base);
    add(base);
    if (is_extended) add(TRY(extension_block(description)));
    if (is_displayid) {
        Bytes extension{};
        if (!put_displayid(extension, description)) return Errno::Inval;
        add(extension);
    }
    return edid;
}

}  // namespace plugboard::drm::edid
