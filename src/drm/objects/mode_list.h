// The order of mode lists, and the list of a connector that has no EDID.
// Linux: drivers/gpu/drm/drm_edid.c, drm_add_modes_noedid; drm_modes.c, drm_mode_sort
#pragma once

#include <vector>

#include "drm/objects/mode.h"
#include "drm/pixel/geometry.h"

namespace plugboard::drm {

/// Preferred first, then larger area, higher refresh (in whole Hz), higher clock; ties stay.
void sort_modes(std::vector<Mode>& modes);

/// What a probe falls back to when a connected connector has no modes of its own.
inline constexpr Size noedid_fallback{.width = 1024, .height = 768};

/// The standard modes up to 61 Hz that fit, sorted; none is preferred.
std::vector<Mode> noedid_modes(uint32_t max_width, uint32_t max_height);

/// Marks modes of exactly that size as preferred, and only those, and sorts anew.
/// Linux: drivers/gpu/drm/drm_edid.c, drm_set_preferred_mode
void prefer_size(std::vector<Mode>& modes, Size size);

}  // namespace plugboard::drm
