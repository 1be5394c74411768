#include "drivers/vkms/planes.h"

#include <algorithm>
#include <utility>

#include "drivers/vkms/plane_pipeline.h"
#include "drivers/vkms/profile.h"

namespace plugboard::vkms {
namespace {

constexpr uint64_t most_scaling = 8;  // times, up and down
constexpr uint64_t one_pixel = drm::FixedRect::one;

/// The source's size as it lies on the screen, 16.16.
struct TurnedSize {
    uint32_t width, height;

    explicit TurnedSize(const drm::PlaneState& shown)
        : width(shown.source.width), height(shown.source.height) {
        if (shown.rotation.swaps_axes()) std::swap(width, height);
    }
};

/// An axis without pixels on the screen is not seen.
bool scales(uint32_t source, uint32_t destination) {
    return destination != 0 && source != uint64_t{destination} * one_pixel;
}

// Linux: drm_rect_calc_hscale
bool scales_too_far(uint32_t source, uint32_t destination) {
    if (destination == 0) return false;
    return source > most_scaling * destination * one_pixel ||
           uint64_t{source} * most_scaling < uint64_t{destination} * one_pixel;
}

/// 64, 128 and so on up to the largest cursor.
std::vector<drm::Size> cursor_sizes(uint32_t largest) {
    std::vector<drm::Size> sizes;
    for (uint32_t size = 64; size <= largest; size *= 2)
        sizes.push_back({.width = size, .height = size});
    return sizes;
}

drm::PlaneInfo plane_info(const PlaneConfig& plane, const Config& config) {
    const Limits& limits = limits_of(config.profile);
    const Features& features = config.features;
    const bool is_primary = plane.type == drm::PlaneType::Primary;
    const auto kernels = is_primary ? limits.primary_formats : limits.overlay_formats;
    drm::PlaneInfo info{.type = plane.type,
                        .possible_crtcs = plane.possible_crtcs,
                        .formats = plane.formats,
                        .modifier_formats = plane.modifiers,
                        .not_drawn = plane.not_drawn,
                        .rotations = plane.rotations.value_or(limits.rotations),
                        .yuv_colors = plane.yuv_colors.value_or(limits.yuv_colors),
                        .alpha = features.alpha,
                        .blend_mode = features.blend_mode,
                        .scaling_filter = features.scaling,
                        .damage_clips = features.damage_clips};
    if (info.formats.empty()) info.formats.assign(kernels.begin(), kernels.end());
    const SizeLimits sizes = sizes_of(config);
    if (features.size_hints && plane.type == drm::PlaneType::Cursor)
        info.size_hints = cursor_sizes(std::min(sizes.cursor_width, sizes.cursor_height));
    if (features.color_pipeline) info.color_pipeline = color_operations();
    return info;
}

}  // namespace

std::vector<drm::PlaneInfo> plane_infos(const Config& config, const Layout& layout) {
    std::vector<drm::PlaneInfo> infos;
    const auto count = static_cast<uint32_t>(layout.planes.size());
    for (const PlaneConfig& plane : layout.planes) {
        const auto index = static_cast<uint32_t>(infos.size());
        infos.push_back(plane_info(plane, config));
        if (config.features.zpos)
            infos.back().zpos = drm::ZposInfo{.initial = index, .least = 0, .most = count - 1};
    }
    return infos;
}

Result<void> check_scaling(drm::atomic::State& state, const drm::atomic::PlaneChange& change,
                           const Features& features) {
    const drm::PlaneState& next = change.new_state;
    const drm::Rect& place = next.destination;
    const TurnedSize source(next);
    const auto is_refused = features.scaling ? scales_too_far : scales;
    if (!is_refused(source.width, place.width) && !is_refused(source.height, place.height))
        return {};
    return state.refuse(Errno::Range, "{}: scaling {}x{} (16.16{}) to {}x{}{}",
                        change.plane->name(), source.width, source.height,
                        next.rotation.swaps_axes() ? ", turned" : "", place.width, place.height,
                        features.scaling ? ", but planes scale by 1/8 to 8" : "");
}

std::optional<drm::ScalingFilter> scaling_of(const drm::PlaneState& shown,
                                             const Features& features) {
    if (!features.scaling) return std::nullopt;
    const TurnedSize source(shown);
    const bool is_between_pixels =
        shown.source.x % one_pixel != 0 || shown.source.y % one_pixel != 0;
    if (!is_between_pixels && !scales(source.width, shown.destination.width) &&
        !scales(source.height, shown.destination.height))
        return std::nullopt;
    return shown.scaling_filter;
}

}  // namespace plugboard::vkms
