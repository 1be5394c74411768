// Pictures as PNG files.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "cli/picture_diff.h"

namespace plugboard::cli {

/// Throws Failure: no such file, or no PNG.
Picture read_png(const std::string& file);
/// `rgb` has 3 * width * height bytes, row after row. Throws Failure.
void write_png(const std::string& file, uint32_t width, uint32_t height,
               std::span<const uint8_t> rgb);

}  // namespace plugboard::cli
