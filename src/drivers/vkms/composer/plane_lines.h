// A plane of a scene, line by line as the screen shows it, fast.
// Linux: drivers/gpu/drm/vkms/vkms_composer.c, blend_line
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "drivers/vkms/composer/row_reader.h"
#include "drivers/vkms/composer/scaled_lines.h"
#include "drivers/vkms/composer/scene.h"

namespace plugboard::vkms {

/// Borrows the plane. One thread at a time.
class PlaneLines {
  public:
    PlaneLines(const ScenePlane& plane, drm::Size screen);

    /// Every pixel of it is opaque.
    bool is_opaque() const { return is_opaque_; }
    /// What line `y` shows from column `x` on, all of it within the plane and the screen, with the
    /// plane's alpha; transparent where the picture has nothing. Cheapest from one line to the
    /// next.
    void read(uint32_t x, uint32_t y, std::span<Argb16> pixels);
    /// The pixel in memory at a place on the screen, if those that follow it there follow it in
    /// memory too, and are XRGB8888; else null.
    const std::byte* xrgb8888_at(uint32_t x, uint32_t y) const;

  private:
    /// Lines that are columns of the picture are read some at a time: a row gives a pixel to each.
    static constexpr uint32_t most_columns = 16;

    void read_pixels(uint32_t x, uint32_t y, std::span<Argb16> pixels);
    void keep_by_the_rules(uint32_t y);
    void keep_columns(uint32_t y);

    const ScenePlane& plane_;
    std::optional<RowReader> rows_;  // none: only read_line() can read it
    std::optional<ScaledLines> scaled_;
    bool is_opaque_ = false;
    // What of the screen it covers.
    uint32_t left_ = 0, right_ = 0, bottom_ = 0;
    // Lines of all that, of a plane that is not cheap to read in pieces.
    std::vector<Argb16> kept_{};
    uint32_t kept_top_ = 0, kept_bottom_ = 0;
};

}  // namespace plugboard::vkms
