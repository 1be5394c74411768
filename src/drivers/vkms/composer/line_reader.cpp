#include "drivers/vkms/composer/line_reader.h"

#include <drm_fourcc.h>

#include <algorithm>
#include <cstddef>

#include "drivers/vkms/composer/gray_reader.h"
#include "drivers/vkms/composer/pixel_reader.h"
#include "uapi/drm_fourcc_extra.h"

namespace plugboard::vkms {
namespace {

/// Pixels side by side, as many as there are.
std::span<Argb16> read_row(const SourceImage& image, const PixelReader& reader,
                           const SourceWalk& walk, std::span<Argb16> line) {
    if (!is_inside(image.size, walk.x, walk.y)) return {};
    const auto x = static_cast<uint64_t>(walk.x);
    const uint64_t wanted = std::min<uint64_t>(line.size(), image.size.width - x);
    const uint32_t size = reader.bytes_per_pixel;
    const auto bytes = image.planes[0].at(static_cast<uint64_t>(walk.y), x * size, wanted * size);
    const auto pixels = line.first(bytes.size() / size);
    reader.read(bytes.data(), pixels);
    return pixels;
}

void read_pixels(const SourceImage& image, const PixelReader& reader, const SourceWalk& walk,
                 std::span<Argb16> line) {
    for (size_t i = 0; i < line.size(); ++i) {
        const auto step = static_cast<int64_t>(i);
        const SourceWalk here{.x = walk.x_at(step), .y = walk.y_at(step)};
        if (read_row(image, reader, here, line.subspan(i, 1)).empty()) line[i] = {};
    }
}

}  // namespace

bool can_read(uint32_t format) {
    return find_reader(format) != nullptr || gray_bits(format) != 0 ||
           find_yuv_layout(format) != nullptr;
}

std::vector<uint32_t> readable_formats() {
    std::vector<uint32_t> formats;
    for (const PixelReader& reader : all_readers()) formats.push_back(reader.format);
    for (const YuvLayout& layout : all_yuv_layouts()) formats.push_back(layout.format);
    formats.insert(formats.end(), {DRM_FORMAT_R1, DRM_FORMAT_R2, DRM_FORMAT_R4});
    return formats;
}

std::span<Argb16> read_line(const SourceImage& image, const SourceWalk& walk, YuvReading reading,
                            std::span<Argb16> line) {
    if (const PixelReader* reader = find_reader(image.format)) {
        if (walk.is_left_to_right()) return read_row(image, *reader, walk, line);
        read_pixels(image, *reader, walk, line);
    } else if (gray_bits(image.format) != 0) {
        read_gray(image, walk, line);
    } else {
        read_yuv(image, walk, reading, line);
    }
    return line;
}

}  // namespace plugboard::vkms
