#include "cli/picture_diff.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/failure.h"

namespace plugboard::cli {
namespace {

constexpr size_t channels = 3;

uint32_t difference(const Picture& a, const Picture& b, size_t pixel) {
    uint32_t greatest = 0;
    for (size_t i = pixel * channels; i < (pixel + 1) * channels; i++) {
        const auto [low, high] = std::minmax(a.rgb[i], b.rgb[i]);
        greatest = std::max<uint32_t>(greatest, high - low);
    }
    return greatest;
}

}  // namespace

void check_sizes(const Picture& shot, const Picture& reference, const std::string& name) {
    if (reference.width == shot.width && reference.height == shot.height) return;
    throw Failure(fmt::format("{} is {}x{}, the screen {}x{}", name, reference.width,
                              reference.height, shot.width, shot.height),
                  "compare pictures of one size: see the screen's mode in plugboard status");
}

PictureDiff compare(const Picture& a, const Picture& b, uint32_t tolerance) {
    PictureDiff diff{.total = a.rgb.size() / channels};
    for (size_t pixel = 0; pixel < diff.total; pixel++) {
        const uint32_t by = difference(a, b, pixel);
        diff.greatest = std::max(diff.greatest, by);
        if (by <= tolerance) continue;
        if (diff.pixels++ > 0) continue;
        diff.first_x = static_cast<uint32_t>(pixel % a.width);
        diff.first_y = static_cast<uint32_t>(pixel / a.width);
    }
    return diff;
}

std::string describe(const PictureDiff& diff, uint32_t tolerance) {
    return fmt::format("{} of {} pixels differ{}, by at most {}", diff.pixels, diff.total,
                       tolerance > 0 ? fmt::format(" by more than {}", tolerance) : "",
                       diff.greatest);
}

Picture show_diff(const Picture& a, const Picture& b, uint32_t tolerance) {
    Picture shown{.width = a.width, .height = a.height, .rgb = a.rgb};
    for (size_t pixel = 0; pixel < a.rgb.size() / channels; pixel++) {
        const auto at = shown.rgb.begin() + static_cast<ptrdiff_t>(pixel * channels);
        const uint32_t sum = uint32_t{at[0]} + at[1] + at[2];
        std::fill_n(at, channels, static_cast<uint8_t>(sum / 12));
        if (difference(a, b, pixel) > tolerance) at[0] = 255;
    }
    return shown;
}

}  // namespace plugboard::cli
