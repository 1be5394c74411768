// Reads rows of pictures that are wholly in memory, fast.
// Linux: drivers/gpu/drm/vkms/vkms_formats.c
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "drivers/vkms/composer/argb16.h"
#include "drivers/vkms/composer/pixel_reader.h"
#include "drivers/vkms/composer/source_image.h"
#include "drivers/vkms/composer/yuv_rows.h"

namespace plugboard::vkms {

/// Every byte that the picture's size and pitches ask for is there.
bool is_whole(const SourceImage& image);

/// Borrows an image that is whole, and reads what read_line() reads from left to right.
class RowReader {
  public:
    explicit RowReader(const SourceImage& image);
    /// The pixels from (x, y) on to the right lie within the picture.
    void read(uint32_t x, uint32_t y, std::span<Argb16> pixels) const;
    /// Where a pixel of the format begins, of those whose pixels are whole bytes of one plane.
    const std::byte* pixel_at(uint32_t x, uint32_t y) const;

  private:
    void read_gray_bits(uint32_t x, uint32_t y, std::span<Argb16> pixels) const;

    const SourceImage& image_;
    const PixelReader* packed_;  // or
    uint32_t gray_bits_;         // or
    std::optional<YuvRows> yuv_{};
};

}  // namespace plugboard::vkms
