// The order of mode lists, and the list of a connector that has no EDID.
// Linux: drivers/gpu/drm/drm_edid.c, drm_add_modes_noedid; drm_modes.c, drm_mode_sort
#include "drm/objects/mode_list.h"

#include <algorithm>
#include <tuple>

#include "drm/objects/dmt_table.h"

namespace plugboard::drm {
namespace {

constexpr uint32_t max_refresh_hz = 61;

auto sort_key(const Mode& mode) {
    return std::tuple(mode.is_preferred(), mode.size().area(), mode.vrefresh(),
                      mode.timings().clock_khz);
}

}  // namespace

void sort_modes(std::vector<Mode>& modes) {
    std::ranges::stable_sort(modes, std::ranges::greater{}, sort_key);
}

std::vector<Mode> noedid_modes(uint32_t max_width, uint32_t max_height) {
    std::vector<Mode> modes;
    for (const DmtEntry& entry : dmt_table()) {
        const Mode mode = entry.mode();
        const Size size = mode.size();
        if (size.width > max_width || size.height > max_height) continue;
        if (mode.vrefresh() > max_refresh_hz) continue;
        modes.push_back(mode);
    }
    sort_modes(modes);
    return modes;
}

void prefer_size(std::vector<Mode>& modes, Size size) {
    for (Mode& mode : modes) mode.set_preferred(mode.size() == size);
    sort_modes(modes);
}

}  // namespace plugboard::drm
