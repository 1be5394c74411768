// Which planes are seen where: the screen cut into bands of lines, the lines of a band into spans.
#include "drivers/vkms/composer/cover.h"

#include <algorithm>

namespace plugboard::vkms {
namespace {

/// From 0 to `end` in order, with the edges that lie between.
std::vector<uint32_t> cuts(std::vector<int64_t> edges, uint32_t end) {
    std::vector<uint32_t> at = {0};
    std::ranges::sort(edges);
    for (const int64_t edge : edges) {
        if (edge > at.back() && edge < end) at.push_back(static_cast<uint32_t>(edge));
    }
    at.push_back(end);
    return at;
}

std::vector<CoverSpan> spans_of(const Scene& scene, std::span<const bool> hides, int64_t y) {
    std::vector<size_t> shown;
    std::vector<int64_t> edges;
    for (size_t i = 0; i < scene.planes.size(); ++i) {
        const drm::Rect& place = scene.planes[i].destination;
        if (place.is_empty() || y < place.y || y >= place.bottom()) continue;
        shown.push_back(i);
        edges.insert(edges.end(), {place.x, place.right()});
    }
    const std::vector<uint32_t> columns = cuts(std::move(edges), scene.size.width);
    std::vector<CoverSpan> spans;
    for (size_t k = 0; k + 1 < columns.size(); ++k) {
        CoverSpan span{.left = columns[k], .right = columns[k + 1], .planes = {}};
        for (const size_t i : shown) {
            const drm::Rect& place = scene.planes[i].destination;
            if (int64_t{span.left} < place.x || span.left >= place.right()) continue;
            if (hides[i]) {
                span.planes.clear();
                span.is_filled = true;
            }
            span.planes.push_back(i);
        }
        spans.push_back(std::move(span));
    }
    return spans;
}

}  // namespace

std::vector<CoverBand> cover_of(const Scene& scene, std::span<const bool> hides) {
    if (scene.size.width == 0 || scene.size.height == 0) return {};
    std::vector<int64_t> edges;
    for (const ScenePlane& plane : scene.planes)
        edges.insert(edges.end(), {plane.destination.y, plane.destination.bottom()});
    const std::vector<uint32_t> lines = cuts(std::move(edges), scene.size.height);
    std::vector<CoverBand> bands;
    for (size_t k = 0; k + 1 < lines.size(); ++k)
        bands.push_back(
            {.top = lines[k], .bottom = lines[k + 1], .spans = spans_of(scene, hides, lines[k])});
    return bands;
}

}  // namespace plugboard::vkms
