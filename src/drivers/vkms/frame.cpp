#include "drivers/vkms/frame.h"

#include <cassert>

namespace plugboard::vkms {
namespace {

Result<SourceImage> source_of(const ShownPlane& shown) {
    const drm::Framebuffer& fb = *shown.fb;
    SourceImage image{.format = fb.format().fourcc,
                      .size = fb.size(),
                      .planes = {},
                      .encoding = shown.encoding,
                      .range = shown.range};
    for (size_t i = 0; i < fb.format().num_planes; ++i) {
        const drm::FramebufferPlane& plane = fb.info().planes[i];
        if (!plane.object) continue;
        image.planes[i] = {
            .bytes = TRY((*plane.object)->map()), .offset = plane.offset, .pitch = plane.pitch};
    }
    return image;
}

/// drm_color_lut is what a gamma blob is made of; the core has checked the length.
std::span<const drm_color_lut> gamma_of(const Frame& frame) {
    if (!frame.gamma) return {};
    const auto bytes = (*frame.gamma)->bytes();
    return {reinterpret_cast<const drm_color_lut*>(bytes.data()),
            bytes.size() / sizeof(drm_color_lut)};
}

}  // namespace

Result<std::vector<ScenePlane>> scene_planes(const Frame& frame) {
    std::vector<ScenePlane> planes;
    planes.reserve(frame.planes.size());
    for (const ShownPlane& plane : frame.planes) {
        planes.push_back({.image = TRY(source_of(plane)),
                          .source = plane.source,
                          .destination = plane.destination,
                          .rotation = plane.rotation,
                          .pipeline = plane.pipeline ? &*plane.pipeline : nullptr});
    }
    return planes;
}

Scene scene_of(const Frame& frame, std::span<const ScenePlane> planes) {
    return {.size = frame.size,
            .background = frame.background,
            .planes = planes,
            .gamma = gamma_of(frame)};
}

Result<void> compose(FastComposer& composer, const Frame& frame, const Outputs& outputs) {
    const std::vector<ScenePlane> planes = TRY(scene_planes(frame));
    return composer.compose(scene_of(frame, planes), outputs);
}

Result<TargetImage> target_of(const drm::Framebuffer& fb) {
    const drm::FramebufferPlane& plane = fb.info().planes[0];
    assert(plane.object);
    const auto bytes = TRY((*plane.object)->map());
    return TargetImage{.format = fb.format().fourcc,
                       .memory = {.bytes = bytes, .offset = plane.offset, .pitch = plane.pitch}};
}

}  // namespace plugboard::vkms
