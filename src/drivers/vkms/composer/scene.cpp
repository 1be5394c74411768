// What a composer is given and what it has to produce: plain data, the same for every composer.
// Linux: drivers/gpu/drm/vkms/vkms_drv.h
#include "drivers/vkms/composer/scene.h"

#include "drivers/vkms/composer/line_reader.h"
#include "drivers/vkms/composer/pixel_writer.h"

namespace plugboard::vkms {

SourceWalk walk_through(const ScenePlane& plane, int64_t x, int64_t y) {
    const drm::Rect& shown = plane.destination;
    const int64_t right = x - shown.x;
    const int64_t down = y - shown.y;
    // The last column and row of the source, which is as large as what is shown of it.
    const bool swaps_axes = plane.rotation.swaps_axes();
    const int64_t last_x = int64_t{swaps_axes ? shown.height : shown.width} - 1;
    const int64_t last_y = int64_t{swaps_axes ? shown.width : shown.height} - 1;

    SourceWalk walk{.x = right, .y = down};
    switch (plane.rotation.angle()) {
        case DRM_MODE_ROTATE_90: walk = {.x = last_x - down, .y = right, .dx = 0, .dy = 1}; break;
        case DRM_MODE_ROTATE_180: walk = {.x = last_x - right, .y = last_y - down, .dx = -1}; break;
        case DRM_MODE_ROTATE_270: walk = {.x = down, .y = last_y - right, .dx = 0, .dy = -1}; break;
        default: break;
    }
    if (plane.rotation.reflects_x()) walk = {last_x - walk.x, walk.y, -walk.dx, walk.dy};
    if (plane.rotation.reflects_y()) walk = {walk.x, last_y - walk.y, walk.dx, -walk.dy};
    walk.x += plane.source.first_column();
    walk.y += plane.source.first_row();
    return walk;
}

Result<void> validate(const Scene& scene, const Outputs& outputs) {
    for (const ScenePlane& plane : scene.planes) {
        if (!can_read(plane.image.format)) return Errno::Inval;
    }
    for (const TargetImage& target : outputs.images) {
        if (find_writer(target.format) == nullptr) return Errno::Inval;
    }
    return {};
}

}  // namespace plugboard::vkms
