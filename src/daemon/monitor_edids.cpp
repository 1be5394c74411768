#include "daemon/monitor_edids.h"

#include <fmt/format.h>

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
};

const std::vector<Entry>& entries() {
    static const std::vector<Entry> all = {
        {"office", "Office 24", 0x2401, 530, 300, {{1920, 1080, 60}}, {16, 4, 3, 1}},
        {"gaming", "Gaming 27", 0x2702, 600, 340, {{2560, 1440, 144}, {2560, 1440, 60}}, {16}},
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

}  // namespace

std::optional<std::vector<std::byte>> find_monitor_edid(std::string_view name,
                                                        uint32_t connector_type) {
    for (const Entry& entry : entries()) {
        if (name != entry.name) continue;
        Description description;
        description.product = entry.product;
        description.input = input_of(connector_type);
        description.width_mm = entry.width_mm;
        description.height_mm = entry.height_mm;
        description.name = entry.title;
        if (description.input == Input::Hdmi) description.vics = entry.vics;
        description.is_headset = entry.is_headset;
        return built(std::move(description), entry.modes);
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
