// Which planes are seen where: the screen cut into bands of lines, the lines of a band into spans.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "drivers/vkms/composer/scene.h"

namespace plugboard::vkms {

/// Columns of the lines of a band in which the same planes are seen.
struct CoverSpan {
    uint32_t left = 0, right = 0;  // pixels; right is the first one after it
    std::vector<size_t> planes;    // indices in the scene, from the lowest that is seen
    bool is_filled = false;        // the first one hides all below it, the background too
};

struct CoverBand {
    uint32_t top = 0, bottom = 0;  // lines; bottom is the first one after it
    std::vector<CoverSpan> spans;  // from left to right, without gaps
};

/// From the top to the bottom, without gaps. `hides`: for each plane, whether all of it is opaque.
std::vector<CoverBand> cover_of(const Scene& scene, std::span<const bool> hides);

}  // namespace plugboard::vkms
