// The CRTC's gamma table spread to a value for each level, for frame after frame with one table.
#include "drivers/vkms/composer/gamma_table.h"

#include <cstring>
#include <new>

#include "drivers/vkms/composer/gamma.h"

namespace plugboard::vkms {

Result<void> GammaTable::set(std::span<const drm_color_lut> table) {
    const bool is_same =
        table.size() == table_.size() &&
        (table.empty() || std::memcmp(table.data(), table_.data(), table.size_bytes()) == 0);
    if (is_same) return {};
    table_.clear();
    if (table.empty()) return {};
    if (!levels_) levels_.reset(new (std::nothrow) Levels);
    if (!levels_) return Errno::NoMem;
    for (uint32_t value = 0; value < levels_->red.size(); ++value) {
        const auto level = static_cast<uint16_t>(value);
        levels_->red[value] = look_up(table, &drm_color_lut::red, level);
        levels_->green[value] = look_up(table, &drm_color_lut::green, level);
        levels_->blue[value] = look_up(table, &drm_color_lut::blue, level);
    }
    table_.assign(table.begin(), table.end());
    return {};
}

void GammaTable::apply(std::span<Argb16> line) const {
    if (table_.empty()) return;
    for (Argb16& pixel : line) {
        pixel.r = levels_->red[pixel.r];
        pixel.g = levels_->green[pixel.g];
        pixel.b = levels_->blue[pixel.b];
    }
}

}  // namespace plugboard::vkms
