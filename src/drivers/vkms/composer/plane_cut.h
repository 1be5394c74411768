// The part of a plane that lines of the screen are made of.
#pragma once

#include <cstdint>

#include "drivers/vkms/composer/scene.h"

namespace plugboard::vkms {

/// Its lines are lines of the picture: not turned, not scaled.
bool is_read_line_by_line(const ScenePlane& plane);

/// Such a plane as if it had nothing but what the screen's lines from `top` to before `bottom` show
/// of it, and a few pixels beside that: there the two look the same. Its picture lies within the
/// plane's, and is empty where that has nothing to show.
ScenePlane cut_to_lines(const ScenePlane& plane, uint32_t top, uint32_t bottom);

}  // namespace plugboard::vkms
