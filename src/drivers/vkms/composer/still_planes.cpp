// Planes with copies of their pictures, which no client draws to.
#include "drivers/vkms/composer/still_planes.h"

#include <algorithm>

#include "drm/pixel/format.h"

namespace plugboard::vkms {

StillPlanes StillPlanes::with_whole_pictures(std::span<const ScenePlane> planes) {
    StillPlanes still;
    still.planes_.assign(planes.begin(), planes.end());
    for (ScenePlane& plane : still.planes_) {
        if (!is_read_line_by_line(plane)) still.copy_picture(plane.image);
    }
    return still;
}

StillPlanes StillPlanes::with_lines(std::span<const ScenePlane> planes, uint32_t top,
                                    uint32_t bottom) {
    StillPlanes still;
    still.planes_.reserve(planes.size());
    for (const ScenePlane& plane : planes) {
        const bool is_cut = is_read_line_by_line(plane);
        still.planes_.push_back(is_cut ? cut_to_lines(plane, top, bottom) : plane);
        if (is_cut) still.copy_picture(still.planes_.back().image);
    }
    return still;
}

void StillPlanes::copy_picture(SourceImage& image) {
    const drm::FormatInfo& format = *drm::find_format(image.format);
    for (uint32_t i = 0; i < format.num_planes; ++i) {
        const uint64_t rows = drm::plane_height(format, i, image.size.height);
        const uint64_t row_bytes = drm::min_pitch(format, i, image.size.width);
        copies_.push_back(std::make_unique_for_overwrite<std::byte[]>(rows * row_bytes));
        std::byte* const copy = copies_.back().get();
        uint64_t size = 0;  // less than all where the picture's memory ends before
        for (uint64_t y = 0; y < rows && size == y * row_bytes; ++y) {
            const auto row = image.planes[i].at(y, 0, row_bytes);
            std::ranges::copy(row, copy + size);
            size += row.size();
        }
        image.planes[i] = {.bytes = {copy, size}, .pitch = static_cast<uint32_t>(row_bytes)};
    }
}

}  // namespace plugboard::vkms
