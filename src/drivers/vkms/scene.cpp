// What a composer is given and what it has to produce: plain data, the same for every composer.
// Linux: drivers/gpu/drm/vkms/vkms_drv.h
#include "drivers/vkms/scene.h"

#include "drivers/vkms/pixel_reader.h"
#include "drivers/vkms/pixel_writer.h"

namespace plugboard::vkms {

Result<void> validate(const Scene& scene, const Outputs& outputs) {
    for (const ScenePlane& plane : scene.planes) {
        if (find_reader(plane.image.format) == nullptr) return Errno::Inval;
    }
    for (const TargetImage& target : outputs.images) {
        if (find_writer(target.format) == nullptr) return Errno::Inval;
    }
    return {};
}

}  // namespace plugboard::vkms
