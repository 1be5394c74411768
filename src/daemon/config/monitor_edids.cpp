#include "daemon/config/monitor_edids.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "drm/edid/description.h"
#include "drm/edid/timings.h"

namespace plugboard::daemon {
namespace {

using drm::edid::Description;
using drm::edid::Input;

struct Rate {
    uint32_t width, height;
    double hz;
};

struct Entry {
    const char* name;
    const char* title;  // what it calls itself
    uint16_t product;
    uint32_t width_mm, height_mm;
    std::vector<Rate> modes;
    std::vector<uint8_t> vics;  // where it is plugged in by HDMI
    bool is_headset = false;
    uint32_t vrr_min_hz = 0;            // 0: its rate is fixed; else up to that of its first mode
    std::vector<Rate> fast_modes = {};  // what only a DisplayID can say
    bool is_hdr = false;                // with 10 bits a color
    std::optional<uint32_t> tile_column = {};  // of two, side by side
};

Entry half_of_5k(const char* name, uint16_t product, uint32_t column) {
    return {name, "Tiled 5K", product, 600, 340,   {{2560, 2880, 60}},
            {},   false,      0,       {},  false, column};
}

const std::vector<Entry>& entries() {
    static const std::vector<Entry> all = {
        {"office", "Office 24", 0x2401, 530, 300, {{1920, 1080, 60}}, {16, 4, 3, 1}},
        {"gaming",
         "Gaming 27",
         0x2702,
         600,
         340,
         {{2560, 1440, 144}, {2560, 1440, 60}},
         {16},
         false,
         48},
        {"hdr",
         "HDR 32",
         0x3209,
         700,
         390,
         {{3840, 2160, 60}, {1920, 1080, 60}},
         {97, 96, 16, 4},
         false,
         48,
         {{3840, 2160, 144}, {3840, 2160, 120}},
         true},
        {"uhd",
         "UHD 27",
         0x2703,
         600,
         340,
         {{3840, 2160, 60}, {1920, 1080, 60}},
         {97, 96, 95, 94, 93, 16, 4}},
        {"ultrawide", "Ultrawide 34", 0x3404, 800, 340, {{3440, 1440, 60}}, {16}},
        {"portrait", "Portrait 24", 0x2405, 320, 520, {{1200, 1920, 60}}, {}},
        {"projector", "Projector", 0x0006, 0, 0, {{1280, 800, 60}}, {4, 16, 3, 1}},
        {"panel", "Panel 14", 0x1407, 300, 190, {{1920, 1200, 60}}, {}},
        half_of_5k("tiled-5k-left", 0x270a, 0),
        half_of_5k("tiled-5k-right", 0x270b, 1),
        {"broken", "Broken", 0x000c, 530, 300, {{1024, 768, 60}}, {16}},
        {"headset", "Headset", 0x0008, 120, 70, {{2880, 1600, 90}}, {}, true},
    };
    return all;
}

Input input_of(uint32_t connector_type) {
    switch (connector_type) {
        case DRM_MODE_CONNECTOR_VGA: return Input::Analog;
        case DRM_MODE_CONNECTOR_DVII:
        case DRM_MODE_CONNECTOR_DVID: return Input::Dvi;
        case DRM_MODE_CONNECTOR_HDMIA:
        case DRM_MODE_CONNECTOR_HDMIB: return Input::Hdmi;
        case DRM_MODE_CONNECTOR_DisplayPort:
        case DRM_MODE_CONNECTOR_eDP:
        case DRM_MODE_CONNECTOR_USB: return Input::DisplayPort;
        default: return Input::Digital;
    }
}

std::optional<std::vector<std::byte>> built(Description description,
                                            const std::vector<Rate>& modes) {
    for (const Rate& mode : modes) {
        const auto timings = drm::edid::timings_for(mode.width, mode.height, mode.hz);
        if (!timings.ok()) return std::nullopt;
        description.timings.push_back(*timings);
    }
    auto edid = drm::edid::build(description);
    if (!edid.ok()) return std::nullopt;
    return *std::move(edid);
}

drm::edid::Tile tile_of(const Entry& entry, uint32_t column) {
    // Vendor, product and serial number of the whole.
    return {.topology = {'L', 'N', 'X', 0x0a, 0x27, 1, 0, 0},
            .columns = 2,
            .column = column,
            .width = entry.modes.front().width,
            .height = entry.modes.front().height};
}

/// All but its modes. Nothing: no EDID can tell.
std::optional<Description> described(const Entry& entry, Input input) {
    Description description;
    description.product = entry.product;
    description.input = input;
    description.width_mm = entry.width_mm;
    description.height_mm = entry.height_mm;
    description.name = entry.title;
    if (input == Input::Hdmi) description.vics = entry.vics;
    description.is_headset = entry.is_headset;
    description.is_hdr = entry.is_hdr && (input == Input::Hdmi || input == Input::DisplayPort);
    if (input != Input::DisplayPort) return description;
    Rate fastest = entry.modes.front();
    for (const Rate& mode : entry.fast_modes) {
        const auto timings = drm::edid::displayid_timings_for(mode.width, mode.height, mode.hz);
        if (!timings.ok()) return std::nullopt;
        description.displayid_timings.push_back(*timings);
        if (mode.hz > fastest.hz) fastest = mode;
    }
    if (entry.vrr_min_hz != 0) {
        description.vrr_min_hz = entry.vrr_min_hz;
        description.vrr_max_hz = static_cast<uint32_t>(std::ceil(fastest.hz));
    }
    if (entry.is_hdr) description.bits_per_color = 10;
    if (entry.tile_column) description.tile = tile_of(entry, *entry.tile_column);
    return description;
}

/// As old cables and converters do: the extension's checksum is wrong, and a second detailed timing
/// has its sync outside of its blanking.
void damage(std::vector<std::byte>& edid) {
    constexpr size_t second_timing = 72, sum = 127;
    constexpr std::array<uint8_t, 18> nonsense{0x01, 0x00, 0x50, 0x10, 0x30, 0x40,
                                               0x04, 0x20, 0xff, 0xff, 0xff, 0xff,
                                               0x00, 0x00, 0x00, 0x00, 0x00, 0x1a};
    for (size_t i = 0; i < nonsense.size(); ++i) edid[second_timing + i] = std::byte{nonsense[i]};
    uint8_t total = 0;
    for (size_t i = 0; i < sum; ++i)
        total = static_cast<uint8_t>(total + std::to_integer<int>(edid[i]));
    edid[sum] = std::byte(0x100 - total);
    if (edid.size() > sum + 1) edid.back() ^= std::byte{0x5a};
}

}  // namespace

std::optional<std::vector<std::byte>> find_monitor_edid(std::string_view name,
                                                        uint32_t connector_type) {
    for (const Entry& entry : entries()) {
        if (name != entry.name) continue;
        auto description = described(entry, input_of(connector_type));
        if (!description) return std::nullopt;
        auto edid = built(*std::move(description), entry.modes);
        if (edid && name == "broken") damage(*edid);
        return edid;
    }
    return std::nullopt;
}

std::optional<std::vector<std::byte>> edid_for_mode(const vkms::ScreenMode& mode,
                                                    uint32_t connector_type) {
    constexpr double mm_per_pixel = 25.4 / 96;
    Description description;
    description.input = input_of(connector_type);
    description.width_mm = static_cast<uint32_t>(mode.width * mm_per_pixel);
    description.height_mm = static_cast<uint32_t>(mode.height * mm_per_pixel);
    description.name = fmt::format("{}x{}", mode.width, mode.height);
    return built(std::move(description), {{mode.width, mode.height, mode.refresh_hz}});
}

}  // namespace plugboard::daemon
