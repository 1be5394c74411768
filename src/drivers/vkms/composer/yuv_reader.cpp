#include "drivers/vkms/composer/yuv_reader.h"

#include <drm_fourcc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "drivers/vkms/composer/little_endian.h"
#include "drm/pixel/format.h"

namespace plugboard::vkms {
namespace {

constexpr YuvLayout yuv_layouts[] = {
    {DRM_FORMAT_NV12, 2, 1, false},
    {DRM_FORMAT_NV16, 2, 1, false},
    {DRM_FORMAT_NV24, 2, 1, false},
    {DRM_FORMAT_NV21, 2, 1, true},
    {DRM_FORMAT_NV61, 2, 1, true},
    {DRM_FORMAT_NV42, 2, 1, true},
    {DRM_FORMAT_YUV420, 3, 1, false},
    {DRM_FORMAT_YUV422, 3, 1, false},
    {DRM_FORMAT_YUV444, 3, 1, false},
    {DRM_FORMAT_YVU420, 3, 1, true},
    {DRM_FORMAT_YVU422, 3, 1, true},
    {DRM_FORMAT_YVU444, 3, 1, true},
    // Their samples are words whose low bits count too.
    {DRM_FORMAT_P010, 2, 2, false},
    {DRM_FORMAT_P012, 2, 2, false},
    {DRM_FORMAT_P016, 2, 2, false},
};

/// Finds samples in the planes of one picture.
class YuvSamples {
  public:
    YuvSamples(const SourceImage& image, const YuvLayout& layout)
        : image_(image), layout_(layout), info_(*drm::find_format(image.format)) {}

    /// Nothing outside of the picture and its memory.
    std::optional<Yuv16> at(int64_t x, int64_t y) const {
        if (!is_inside(image_.size, x, y)) return std::nullopt;
        const auto column = static_cast<uint64_t>(x);
        const auto row = static_cast<uint64_t>(y);
        const auto luma = sample(0, column, row);
        const auto first = chroma(0, column / info_.hsub, row / info_.vsub);
        const auto second = chroma(1, column / info_.hsub, row / info_.vsub);
        if (!luma || !first || !second) return std::nullopt;
        if (layout_.v_is_first) return Yuv16{.y = *luma, .u = *second, .v = *first};
        return Yuv16{.y = *luma, .u = *first, .v = *second};
    }

  private:
    /// The first or second sample in memory of those at a place.
    std::optional<uint16_t> chroma(uint64_t which, uint64_t column, uint64_t row) const {
        if (layout_.planes == 2) return sample(1, column * 2 + which, row);
        return sample(1 + which, column, row);
    }

    std::optional<uint16_t> sample(size_t plane, uint64_t column, uint64_t row) const {
        const uint32_t size = layout_.sample_bytes;
        const auto bytes = image_.planes[plane].at(row, column * size, size);
        if (bytes.size() < size) return std::nullopt;
        if (size == 2) return load_little<uint16_t>(bytes.data());
        return static_cast<uint16_t>(std::to_integer<uint16_t>(bytes[0]) * 257);
    }

    const SourceImage& image_;
    const YuvLayout& layout_;
    const drm::FormatInfo& info_;
};

Argb16 clamped(const std::array<int32_t, 3>& colors) {
    const auto channel = [&](size_t i) {
        return static_cast<uint16_t>(std::clamp(colors[i], 0, 0xffff));
    };
    return {.a = 0xffff, .r = channel(0), .g = channel(1), .b = channel(2)};
}

}  // namespace

const YuvLayout* find_yuv_layout(uint32_t format) {
    const auto* found = std::ranges::find(yuv_layouts, format, &YuvLayout::format);
    return found == std::end(yuv_layouts) ? nullptr : found;
}

std::span<const YuvLayout> all_yuv_layouts() {
    return yuv_layouts;
}

void read_yuv(const SourceImage& image, const SourceWalk& walk, YuvReading reading,
              std::span<Argb16> pixels) {
    const YuvSamples samples(image, *find_yuv_layout(image.format));
    const YuvMatrix& matrix = yuv_matrix(image.encoding, image.range);
    for (size_t i = 0; i < pixels.size(); ++i) {
        const auto step = static_cast<int64_t>(i);
        const auto yuv = samples.at(walk.x_at(step), walk.y_at(step));
        if (!yuv) {
            pixels[i] = {};
        } else if (reading == YuvReading::Keep) {
            pixels[i] = {.a = 0xffff, .r = yuv->y, .g = yuv->u, .b = yuv->v};
        } else {
            pixels[i] = clamped(matrix.convert(*yuv));
        }
    }
}

}  // namespace plugboard::vkms
