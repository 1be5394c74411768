// The part of a plane that lines of the screen are made of.
#include "drivers/vkms/composer/plane_cut.h"

#include <algorithm>

#include "drm/pixel/format.h"

namespace plugboard::vkms {
namespace {

// In every format as many pixels, from such a column or row on, have bytes or samples of their own.
constexpr uint32_t column_unit = 8, row_unit = 2;

/// From `begin` to before `end`.
struct Stretch {
    uint32_t begin = 0, end = 0;
    bool is_empty() const { return begin == end; }
};

/// What a size has of the places from `first` to `last`, in whole units.
Stretch within(uint32_t size, int64_t first, int64_t last, uint32_t unit) {
    if (first >= size) return {};
    const int64_t end = (last / unit + 1) * unit;
    return {.begin = static_cast<uint32_t>(first) / unit * unit,
            .end = static_cast<uint32_t>(std::min<int64_t>(end, size))};
}

SourceImage cut_out(const SourceImage& image, Stretch columns, Stretch rows) {
    const drm::FormatInfo& format = *drm::find_format(image.format);
    SourceImage part = image;
    part.size = {.width = columns.end - columns.begin, .height = rows.end - rows.begin};
    for (uint32_t i = 0; i < format.num_planes; ++i) {
        const PlaneMemory& memory = image.planes[i];
        const uint64_t begin = memory.offset +
                               uint64_t{drm::plane_height(format, i, rows.begin)} * memory.pitch +
                               drm::min_pitch(format, i, columns.begin);
        part.planes[i] = {.bytes = memory.bytes.subspan(std::min(begin, memory.bytes.size())),
                          .pitch = memory.pitch};
    }
    return part;
}

}  // namespace

bool is_read_line_by_line(const ScenePlane& plane) {
    return !plane.scaling && !plane.rotation.swaps_axes();
}

ScenePlane cut_to_lines(const ScenePlane& plane, uint32_t top, uint32_t bottom) {
    ScenePlane part = plane;
    part.image.size = {};
    part.image.planes = {};
    const drm::Rect& shown = plane.destination;
    const int64_t first = std::max<int64_t>(top, shown.y);
    const int64_t last = std::min<int64_t>(bottom, shown.bottom()) - 1;
    if (first > last || shown.width == 0) {
        part.destination = {};
        return part;
    }
    part.destination.y = static_cast<int32_t>(first);
    part.destination.height = static_cast<uint32_t>(last - first + 1);

    const SourceWalk a = walk_through(plane, shown.x, first);
    const SourceWalk b = walk_through(plane, shown.right() - 1, last);
    const auto [left, right] = std::minmax(a.x, b.x);
    const auto [upper, lower] = std::minmax(a.y, b.y);
    const Stretch columns = within(plane.image.size.width, left, right, column_unit);
    const Stretch rows = within(plane.image.size.height, upper, lower, row_unit);
    if (columns.is_empty() || rows.is_empty()) return part;
    part.image = cut_out(plane.image, columns, rows);
    part.source = drm::FixedRect::from_pixels(static_cast<uint32_t>(left) - columns.begin,
                                              static_cast<uint32_t>(upper) - rows.begin,
                                              part.destination.width, part.destination.height);
    return part;
}

}  // namespace plugboard::vkms
