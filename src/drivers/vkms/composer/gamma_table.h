// The CRTC's gamma table spread to a value for each level, for frame after frame with one table.
#pragma once

#include <drm_mode.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "drivers/vkms/composer/argb16.h"

namespace plugboard::vkms {

/// Gives what apply_gamma() gives. Set by one thread while no other one uses it.
class GammaTable {
  public:
    /// ENOMEM: no memory for the levels. Cheap if the table is the one it has.
    Result<void> set(std::span<const drm_color_lut> table);
    void apply(std::span<Argb16> line) const;

  private:
    struct Levels {
        std::array<uint16_t, 65536> red, green, blue;
    };
    std::vector<drm_color_lut> table_;  // empty: none
    std::unique_ptr<Levels> levels_;
};

}  // namespace plugboard::vkms
