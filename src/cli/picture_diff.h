// How two pictures differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace plugboard::cli {

/// Rows of R, G, B bytes without padding.
struct Picture {
    uint32_t width = 0, height = 0;
    std::vector<uint8_t> rgb;
};

struct PictureDiff {
    size_t pixels = 0;                  // that differ by more than the tolerance in a channel
    uint32_t greatest = 0;              // difference of a channel, over all pixels
    uint32_t first_x = 0, first_y = 0;  // the first such pixel, if there is one
};

/// Of pictures of one size. `tolerance` is of a channel, 0 to 255.
PictureDiff compare(const Picture& a, const Picture& b, uint32_t tolerance);
/// The first picture in dark grey, and red where compare() counts a pixel.
Picture show_diff(const Picture& a, const Picture& b, uint32_t tolerance);

}  // namespace plugboard::cli
