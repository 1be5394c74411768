// A plane that scales, line by line, fast: two lines of its picture are kept while they are needed.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "drivers/vkms/composer/row_reader.h"
#include "drivers/vkms/composer/scaling.h"

namespace plugboard::vkms {

/// Gives what read_scaled() gives. Borrows the plane. One thread at a time.
class ScaledLines {
  public:
    ScaledLines(const ScenePlane& plane, YuvReading reading)
        : plane_(plane), reading_(reading), axes_(plane) {}

    /// What line `y` of the screen shows from column `x` on. `rows`: of a picture that is whole;
    /// null: it is not, or has no fast reader.
    void read(const RowReader* rows, int64_t x, int64_t y, std::span<Argb16> line);

  private:
    /// A row of the picture, or a column of it where the plane is turned.
    struct Line {
        int64_t at = -1;  // none
        std::vector<Argb16> pixels{};
    };
    /// From the axis's least pixel on.
    const Line& line_at(const RowReader* rows, int64_t at, bool is_row, const Line* keep);

    const ScenePlane& plane_;
    const YuvReading reading_;
    const ScaledAxes axes_;
    std::array<Line, 2> lines_;
};

}  // namespace plugboard::vkms
