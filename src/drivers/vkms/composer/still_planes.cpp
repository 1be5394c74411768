// Planes with copies of their pictures, which no client draws to.
#include "drivers/vkms/composer/still_planes.h"

#include "drivers/vkms/composer/plane_cut.h"

namespace plugboard::vkms {

Result<std::span<const ScenePlane>> StillPlanes::copy(std::span<const ScenePlane> planes,
                                                      uint32_t top, uint32_t bottom) {
    planes_.assign(planes.begin(), planes.end());
    copies_.resize(planes.size());
    for (size_t i = 0; i < planes.size(); ++i) {
        if (!is_read_line_by_line(planes[i])) continue;
        planes_[i] = cut_to_lines(planes[i], top, bottom);
        planes_[i].image = TRY(copies_[i].copy(planes_[i].image));
    }
    return std::span<const ScenePlane>(planes_);
}

}  // namespace plugboard::vkms
