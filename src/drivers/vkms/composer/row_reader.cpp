// Reads rows of pictures that are wholly in memory, fast.
// Linux: drivers/gpu/drm/vkms/vkms_formats.c
#include "drivers/vkms/composer/row_reader.h"

#include "drivers/vkms/composer/gray_reader.h"
#include "drivers/vkms/composer/vector_lines.h"
#include "drm/pixel/format.h"

namespace plugboard::vkms {

bool is_whole(const SourceImage& image) {
    const drm::FormatInfo& info = *drm::find_format(image.format);
    for (uint32_t i = 0; i < info.num_planes; ++i) {
        const PlaneMemory& memory = image.planes[i];
        const uint64_t rows = drm::plane_height(info, i, image.size.height);
        const uint64_t row_bytes = drm::min_pitch(info, i, image.size.width);
        if (rows == 0 || row_bytes == 0) return false;
        if (memory.offset + (rows - 1) * memory.pitch + row_bytes > memory.bytes.size())
            return false;
    }
    return true;
}

RowReader::RowReader(const SourceImage& image)
    : image_(image), packed_(find_reader(image.format)), gray_bits_(gray_bits(image.format)) {
    if (packed_ == nullptr && gray_bits_ == 0) yuv_.emplace(image);
}

void RowReader::read(uint32_t x, uint32_t y, std::span<Argb16> pixels) const {
    if (packed_) {
        read_in_vectors(*packed_, pixel_at(x, y), pixels);
    } else if (yuv_) {
        yuv_->read(x, y, pixels);
    } else {
        read_gray_bits(x, y, pixels);
    }
}

const std::byte* RowReader::pixel_at(uint32_t x, uint32_t y) const {
    const PlaneMemory& memory = image_.planes[0];
    return memory.bytes.data() + memory.offset + size_t{y} * memory.pitch +
           size_t{x} * packed_->bytes_per_pixel;
}

void RowReader::read_gray_bits(uint32_t x, uint32_t y, std::span<Argb16> pixels) const {
    const PlaneMemory& memory = image_.planes[0];
    const std::byte* row = memory.bytes.data() + memory.offset + size_t{y} * memory.pitch;
    const uint32_t highest = (1U << gray_bits_) - 1;
    const uint32_t level_step = 0xffff / highest;
    for (Argb16& pixel : pixels) {
        // The leftmost pixel is in the highest bits.
        const uint32_t bit = x++ * gray_bits_;
        const uint32_t shift = 8 - gray_bits_ - bit % 8;
        const uint32_t level = std::to_integer<uint32_t>(row[bit / 8]) >> shift & highest;
        const auto gray = static_cast<uint16_t>(level * level_step);
        pixel = {.a = 0xffff, .r = gray, .g = gray, .b = gray};
    }
}

}  // namespace plugboard::vkms
