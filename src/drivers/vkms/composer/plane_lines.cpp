// A plane of a scene, line by line as the screen shows it, fast.
// Linux: drivers/gpu/drm/vkms/vkms_composer.c, blend_line
#include "drivers/vkms/composer/plane_lines.h"

#include <drm_fourcc.h>

#include <algorithm>
#include <array>
#include <span>

#include "drivers/vkms/composer/gray_reader.h"
#include "drivers/vkms/composer/line_reader.h"
#include "drivers/vkms/composer/plane_alpha.h"
#include "drm/pixel/format.h"

namespace plugboard::vkms {
namespace {

/// Both ends of what is shown lie in the picture, so all between does.
bool stays_inside(const ScenePlane& plane, const drm::Rect& shown) {
    const auto is_in = [&](int64_t x, int64_t y) {
        const SourceWalk walk = walk_through(plane, x, y);
        return is_inside(plane.image.size, walk.x, walk.y);
    };
    if (plane.scaling) {
        const ScaledAxes axes(plane);
        return is_inside(plane.image.size, axes.x.most(), axes.y.most());
    }
    return is_in(shown.x, shown.y) && is_in(shown.right() - 1, shown.bottom() - 1);
}

bool can_read_rows(const ScenePlane& plane, const drm::Rect& shown) {
    // Its columns are no columns of the picture: read_gray().
    const bool is_odd =
        gray_bits(plane.image.format) != 0 && plane.rotation.swaps_axes() && !plane.scaling;
    return plane.pipeline == nullptr && !is_odd && is_whole(plane.image) &&
           stays_inside(plane, shown);
}

}  // namespace

PlaneLines::PlaneLines(const ScenePlane& plane, drm::Size screen) : plane_(plane) {
    const drm::Rect shown = drm::intersect(
        plane.destination, {.x = 0, .y = 0, .width = screen.width, .height = screen.height});
    if (shown.is_empty()) return;
    left_ = static_cast<uint32_t>(shown.x);
    right_ = static_cast<uint32_t>(shown.right());
    bottom_ = static_cast<uint32_t>(shown.bottom());
    if (can_read_rows(plane, shown)) rows_.emplace(plane.image);
    if (plane.scaling)
        scaled_.emplace(plane, plane.pipeline ? YuvReading::Keep : YuvReading::Convert);
    const bool has_alpha =
        drm::find_format(plane.image.format)->has_alpha && plane.blend_mode != drm::BlendMode::None;
    is_opaque_ = rows_ && !has_alpha && plane.alpha == drm::opaque_alpha;
}

void PlaneLines::read(uint32_t x, uint32_t y, std::span<Argb16> pixels) {
    read_pixels(x, y, pixels);
    apply_plane_alpha(plane_.alpha, plane_.blend_mode, pixels);
}

void PlaneLines::read_pixels(uint32_t x, uint32_t y, std::span<Argb16> pixels) {
    if (scaled_) {
        scaled_->read(rows_ ? &*rows_ : nullptr, x, y, pixels);
        if (plane_.pipeline) apply_pipeline(*plane_.pipeline, pixels);
        return;
    }
    const SourceWalk walk = walk_through(plane_, x, y);
    if (rows_ && walk.is_along_a_row()) {
        const auto count = static_cast<int64_t>(pixels.size());
        const int64_t first = walk.is_left_to_right() ? walk.x : walk.x - (count - 1);
        rows_->read(static_cast<uint32_t>(first), static_cast<uint32_t>(walk.y), pixels);
        if (!walk.is_left_to_right()) std::ranges::reverse(pixels);
        return;
    }
    if (y < kept_top_ || y >= kept_bottom_) {
        if (rows_) {
            keep_columns(y);
        } else {
            keep_by_the_rules(y);
        }
    }
    const size_t begin = size_t{y - kept_top_} * (right_ - left_) + (x - left_);
    std::ranges::copy(std::span(kept_).subspan(begin, pixels.size()), pixels.begin());
}

const std::byte* PlaneLines::xrgb8888_at(uint32_t x, uint32_t y) const {
    if (!is_opaque_ || scaled_ || plane_.image.format != DRM_FORMAT_XRGB8888) return nullptr;
    const SourceWalk walk = walk_through(plane_, x, y);
    if (!walk.is_left_to_right()) return nullptr;
    return rows_->pixel_at(static_cast<uint32_t>(walk.x), static_cast<uint32_t>(walk.y));
}

// From the first column that is seen: where a walk begins makes a difference to read_gray().
void PlaneLines::keep_by_the_rules(uint32_t y) {
    kept_top_ = y;
    kept_bottom_ = y + 1;
    kept_.resize(right_ - left_);
    const YuvReading reading = plane_.pipeline ? YuvReading::Keep : YuvReading::Convert;
    const auto read = read_line(plane_.image, walk_through(plane_, left_, y), reading, kept_);
    if (plane_.pipeline) apply_pipeline(*plane_.pipeline, read);
    std::ranges::fill(std::span(kept_).subspan(read.size()), Argb16{});
}

void PlaneLines::keep_columns(uint32_t y) {
    const size_t width = right_ - left_;
    const uint32_t lines = std::min(most_columns, bottom_ - y);
    kept_top_ = y;
    kept_bottom_ = y + lines;
    kept_.resize(width * lines);

    const SourceWalk walk = walk_through(plane_, left_, y);
    const bool goes_left = lines > 1 && walk_through(plane_, left_, int64_t{y} + 1).x < walk.x;
    const auto first = static_cast<uint32_t>(goes_left ? walk.x - (lines - 1) : walk.x);
    std::array<Argb16, most_columns> across;
    const std::span<Argb16> pixels(across.data(), lines);
    for (size_t i = 0; i < width; ++i) {
        const auto row = static_cast<uint32_t>(walk.y_at(static_cast<int64_t>(i)));
        rows_->read(first, row, pixels);
        for (uint32_t k = 0; k < lines; ++k)
            kept_[k * width + i] = across[goes_left ? lines - 1 - k : k];
    }
}

}  // namespace plugboard::vkms
