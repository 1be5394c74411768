#include "drivers/vkms/composer/scaled_lines.h"

#include <cstddef>

#include "drivers/vkms/composer/line_reader.h"

namespace plugboard::vkms {

void ScaledLines::read(const RowReader* rows, int64_t x, int64_t y, std::span<Argb16> line) {
    const SourceWalk walk = walk_through_unscaled(plane_, x, y);
    const bool is_row = walk.is_along_a_row();
    const ScaledAxis& along = is_row ? axes_.x : axes_.y;
    const ScaledPlace across = is_row ? axes_.y.at(walk.y) : axes_.x.at(walk.x);
    const Line& first = line_at(rows, across.first, is_row, nullptr);
    const Line& second = line_at(rows, across.second, is_row, &first);
    const int64_t least = along.least();
    for (size_t i = 0; i < line.size(); ++i) {
        const auto step = static_cast<int64_t>(i);
        const ScaledPlace place = along.at(is_row ? walk.x_at(step) : walk.y_at(step));
        const auto a = static_cast<size_t>(place.first - least);
        const auto b = static_cast<size_t>(place.second - least);
        // Both axes are alike, so a column may stand for a row.
        line[i] = mix(place, across, first.pixels[a], first.pixels[b], second.pixels[a],
                      second.pixels[b]);
    }
}

const ScaledLines::Line& ScaledLines::line_at(const RowReader* rows, int64_t at, bool is_row,
                                              const Line* keep) {
    for (const Line& line : lines_) {
        if (line.at == at) return line;
    }
    Line& line = &lines_[0] == keep ? lines_[1] : lines_[0];
    const ScaledAxis& along = is_row ? axes_.x : axes_.y;
    const int64_t least = along.least();
    line.at = at;
    line.pixels.assign(static_cast<size_t>(along.most() - least + 1), {});
    if (is_row && rows != nullptr) {
        rows->read(static_cast<uint32_t>(least), static_cast<uint32_t>(at), line.pixels);
        return line;
    }
    for (size_t i = 0; i < line.pixels.size(); ++i) {
        const int64_t there = least + static_cast<int64_t>(i);
        const SourceWalk here =
            is_row ? SourceWalk{.x = there, .y = at} : SourceWalk{.x = at, .y = there};
        const std::span<Argb16> pixel(&line.pixels[i], 1);
        if (rows != nullptr) {
            rows->read(static_cast<uint32_t>(here.x), static_cast<uint32_t>(here.y), pixel);
        } else {
            read_line(plane_.image, here, reading_, pixel);
        }
    }
    return line;
}

}  // namespace plugboard::vkms
