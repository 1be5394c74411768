#include "drivers/vkms/frame.h"

#include <cassert>
#include <cstring>

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

/// drm_color_lut is what the blob of a table is made of; the core has checked the length.
std::span<const drm_color_lut> table_in(const MaybeRef<drm::Blob>& blob) {
    if (!blob) return {};
    const auto bytes = (*blob)->bytes();
    return {reinterpret_cast<const drm_color_lut*>(bytes.data()),
            bytes.size() / sizeof(drm_color_lut)};
}

/// The core has checked the length of this, too.
std::optional<Ctm> ctm_in(const MaybeRef<drm::Blob>& blob) {
    if (!blob) return std::nullopt;
    drm_color_ctm matrix;
    std::memcpy(&matrix, (*blob)->bytes().data(), sizeof(matrix));
    return Ctm::from(matrix);
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
                          .pipeline = plane.pipeline ? &*plane.pipeline : nullptr,
                          .alpha = plane.alpha,
                          .blend_mode = plane.blend_mode,
                          .scaling = plane.scaling});
    }
    return planes;
}

Scene scene_of(const Frame& frame, std::span<const ScenePlane> planes) {
    return {.size = frame.size,
            .background = frame.background,
            .planes = planes,
            .gamma = table_in(frame.gamma),
            .degamma = table_in(frame.degamma),
            .ctm = ctm_in(frame.ctm)};
}

Result<void> compose(FastComposer& composer, const Frame& frame, const Outputs& outputs) {
    const std::vector<ScenePlane> planes = TRY(scene_planes(frame));
    return composer.compose(scene_of(frame, planes), outputs);
}

Result<void> compose(FastComposer& composer, const Frame& frame, uint32_t& crc, KeptCrcs& kept) {
    const std::vector<ScenePlane> planes = TRY(scene_planes(frame));
    return composer.compose(scene_of(frame, planes), crc, kept);
}

Result<TargetImage> target_of(const drm::Framebuffer& fb) {
    const drm::FramebufferPlane& plane = fb.info().planes[0];
    assert(plane.object);
    const auto bytes = TRY((*plane.object)->map());
    return TargetImage{.format = fb.format().fourcc,
                       .memory = {.bytes = bytes, .offset = plane.offset, .pitch = plane.pitch}};
}

}  // namespace plugboard::vkms
