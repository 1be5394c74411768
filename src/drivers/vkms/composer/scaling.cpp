#include "drivers/vkms/composer/scaling.h"

#include <algorithm>
#include <cstddef>

#include "drivers/vkms/composer/line_reader.h"

namespace plugboard::vkms {
namespace {

Argb16 pixel_at(const SourceImage& image, int64_t x, int64_t y, YuvReading reading) {
    Argb16 pixel;
    const auto read = read_line(image, {.x = x, .y = y}, reading, {&pixel, 1});
    return read.empty() ? Argb16{} : pixel;
}

}  // namespace

int64_t ScaledAxis::most() const {
    const uint64_t end = uint64_t{begin} + length;
    return std::max(least(), static_cast<int64_t>((end + 0xffff) >> 16) - 1);
}

ScaledPlace ScaledAxis::at(int64_t i) const {
    constexpr int64_t half = 0x8000;
    const uint64_t halves = 2 * static_cast<uint64_t>(i) + 1;
    const auto middle = static_cast<int64_t>(begin + halves * length / (uint64_t{2} * pixels));
    const auto inside = [&](int64_t pixel) { return std::clamp(pixel, least(), most()); };
    if (filter == drm::ScalingFilter::NearestNeighbor) {
        const int64_t pixel = inside(middle >> 16);
        return {.first = pixel, .second = pixel};
    }
    const int64_t corner = middle - half;  // as far from the first's corner as from its middle
    return {.first = inside(corner >> 16),
            .second = inside((corner >> 16) + 1),
            .weight = static_cast<uint32_t>(corner & 0xffff)};
}

ScaledAxes::ScaledAxes(const ScenePlane& plane) {
    const bool turned = plane.rotation.swaps_axes();
    const drm::Rect& shown = plane.destination;
    const drm::ScalingFilter filter = plane.scaling.value_or(drm::ScalingFilter::Default);
    x = {.begin = plane.source.x,
         .length = plane.source.width,
         .pixels = turned ? shown.height : shown.width,
         .filter = filter};
    y = {.begin = plane.source.y,
         .length = plane.source.height,
         .pixels = turned ? shown.width : shown.height,
         .filter = filter};
}

SourceWalk walk_through_unscaled(const ScenePlane& plane, int64_t x, int64_t y) {
    SourceWalk walk = walk_through(plane, x, y);
    walk.x -= plane.source.first_column();
    walk.y -= plane.source.first_row();
    return walk;
}

Argb16 mix(const ScaledPlace& x, const ScaledPlace& y, const Argb16& first_of_first,
           const Argb16& second_of_first, const Argb16& first_of_second,
           const Argb16& second_of_second) {
    constexpr uint64_t all = 0x10000;
    const uint64_t right = x.weight, left = all - right, below = y.weight, above = all - below;
    const auto channel = [&](uint16_t Argb16::*which) {
        const uint64_t upper = first_of_first.*which * left + second_of_first.*which * right;
        const uint64_t lower = first_of_second.*which * left + second_of_second.*which * right;
        return static_cast<uint16_t>((upper * above + lower * below + (all * all) / 2) /
                                     (all * all));
    };
    return {.a = channel(&Argb16::a),
            .r = channel(&Argb16::r),
            .g = channel(&Argb16::g),
            .b = channel(&Argb16::b)};
}

void read_scaled(const ScenePlane& plane, int64_t x, int64_t y, YuvReading reading,
                 std::span<Argb16> line) {
    const ScaledAxes axes(plane);
    const SourceWalk walk = walk_through_unscaled(plane, x, y);
    for (size_t i = 0; i < line.size(); ++i) {
        const auto step = static_cast<int64_t>(i);
        const ScaledPlace across = axes.x.at(walk.x_at(step));
        const ScaledPlace down = axes.y.at(walk.y_at(step));
        const auto pixel = [&](int64_t column, int64_t row) {
            return pixel_at(plane.image, column, row, reading);
        };
        line[i] =
            mix(across, down, pixel(across.first, down.first), pixel(across.second, down.first),
                pixel(across.first, down.second), pixel(across.second, down.second));
    }
}

}  // namespace plugboard::vkms
