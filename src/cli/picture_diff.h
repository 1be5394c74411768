// How two pictures differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace plugboard::cli {

/// Rows of R, G, B bytes without padding.
struct Picture {
    uint32_t width = 0, height = 0;
    std::vector<uint8_t> rgb;
};

struct PictureDiff {
    size_t total = 0;                   // pixels of each picture
    size_t pixels = 0;                  // that differ by more than the tolerance in a channel
    uint32_t greatest = 0;              // difference of a channel, over all pixels
    uint32_t first_x = 0, first_y = 0;  // the first such pixel, if there is one
};

/// Throws Failure unless both have one size; `name` is the reference's.
void check_sizes(const Picture& shot, const Picture& reference, const std::string& name);
/// Of pictures of one size. `tolerance` is of a channel, 0 to 255.
PictureDiff compare(const Picture& a, const Picture& b, uint32_t tolerance);
/// "3 of 786432 pixels differ by more than 2, by at most 9"
std::string describe(const PictureDiff& diff, uint32_t tolerance);
/// The first picture in dark grey, and red where compare() counts a pixel.
Picture show_diff(const Picture& a, const Picture& b, uint32_t tolerance);

}  // namespace plugboard::cli
