// Planes with copies of their pictures, which no client draws to.
#include "drivers/vkms/composer/still_planes.h"

#include "drivers/vkms/composer/plane_cut.h"

namespace plugboard::vkms {

Result<StillPlanes> StillPlanes::create(std::span<const ScenePlane> planes, uint32_t top,
                                        uint32_t bottom) {
    StillPlanes still;
    still.planes_.reserve(planes.size());
    still.copies_.reserve(planes.size());
    for (const ScenePlane& plane : planes) {
        const bool is_cut = is_read_line_by_line(plane);
        still.planes_.push_back(is_cut ? cut_to_lines(plane, top, bottom) : plane);
        SourceImage& image = still.planes_.back().image;
        if (is_cut) image = TRY(still.copies_.emplace_back().copy(image));
    }
    return still;
}

}  // namespace plugboard::vkms
