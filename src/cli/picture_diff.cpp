#include "cli/picture_diff.h"

#include <algorithm>

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

PictureDiff compare(const Picture& a, const Picture& b, uint32_t tolerance) {
    PictureDiff diff;
    for (size_t pixel = 0; pixel < a.rgb.size() / channels; pixel++) {
        const uint32_t by = difference(a, b, pixel);
        diff.greatest = std::max(diff.greatest, by);
        if (by <= tolerance) continue;
        if (diff.pixels++ > 0) continue;
        diff.first_x = static_cast<uint32_t>(pixel % a.width);
        diff.first_y = static_cast<uint32_t>(pixel / a.width);
    }
    return diff;
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
