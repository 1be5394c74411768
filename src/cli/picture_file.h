// Writes pictures as PNG.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace plugboard::cli {

/// `rgb` has 3 * width * height bytes, row after row. Throws Failure.
void write_png(const std::string& file, uint32_t width, uint32_t height,
               std::span<const uint8_t> rgb);

}  // namespace plugboard::cli
