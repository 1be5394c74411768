// Where in a picture the pixels of a plane that scales come from, and how they are mixed.
// Linux: the documentation of SCALING_FILTER; each driver has a filter of its own
#pragma once

#include <cstdint>
#include <span>

#include "drivers/vkms/composer/argb16.h"
#include "drivers/vkms/composer/scene.h"
#include "drivers/vkms/composer/yuv_reader.h"

namespace plugboard::vkms {

/// Two neighbours on one axis of the picture, and how much of the second there is, in 65536ths.
struct ScaledPlace {
    int64_t first = 0, second = 0;
    uint32_t weight = 0;

    bool operator==(const ScaledPlace&) const = default;
};

/// One axis of a source rectangle (16.16) on so many pixels of the screen. The middle of the
/// screen's pixel i lies at begin + (2i + 1) * length / (2 * pixels), rounded down to 16.16.
/// NearestNeighbor takes the pixel that this lies in. Default mixes those two whose middles are
/// around it, in proportion to the distance. Beyond the rectangle its outermost pixels go on.
struct ScaledAxis {
    uint32_t begin = 0, length = 0;  // 16.16
    uint32_t pixels = 1;             // of the screen
    drm::ScalingFilter filter = drm::ScalingFilter::Default;

    ScaledPlace at(int64_t i) const;
    /// The outermost pixels that are touched.
    int64_t least() const { return begin >> 16; }
    int64_t most() const;
};

/// The axes of a plane's picture: turned planes have their source's columns on the screen's lines.
struct ScaledAxes {
    ScaledAxis x, y;

    explicit ScaledAxes(const ScenePlane& plane);
};

/// As walk_through(), as if the source were as large as what is shown of it and began at (0, 0).
SourceWalk walk_through_unscaled(const ScenePlane& plane, int64_t x, int64_t y);

/// The four pixels by their weights, each channel by itself: one rounding, to the nearest.
Argb16 mix(const ScaledPlace& x, const ScaledPlace& y, const Argb16& first_of_first,
           const Argb16& second_of_first, const Argb16& first_of_second,
           const Argb16& second_of_second);

/// The plain way: what line `y` of the screen shows from column `x` on, pixel by pixel. All of it
/// lies within the plane.
void read_scaled(const ScenePlane& plane, int64_t x, int64_t y, YuvReading reading,
                 std::span<Argb16> line);

}  // namespace plugboard::vkms
