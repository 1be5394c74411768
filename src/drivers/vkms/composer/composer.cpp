// The scalar reference composer: slow, plain, and the judge of every faster one.
// Linux: drivers/gpu/drm/vkms/vkms_composer.c
#include "drivers/vkms/composer/composer.h"

#include <algorithm>
#include <new>

#include "drivers/vkms/composer/blend.h"
#include "drivers/vkms/composer/gamma.h"
#include "drivers/vkms/composer/line_crc.h"
#include "drivers/vkms/composer/line_reader.h"
#include "drivers/vkms/composer/pixel_writer.h"
#include "drivers/vkms/composer/plane_alpha.h"
#include "drivers/vkms/composer/scaling.h"

namespace plugboard::vkms {
namespace {

void write_line(const TargetImage& target, uint64_t y, std::span<const Argb16> line) {
    const PixelWriter& writer = *find_writer(target.format);
    const uint32_t size = writer.bytes_per_pixel;
    const auto row = target.memory.at(y, 0, line.size() * size);
    writer.write(line.first(row.size() / size), row.data());
}

}  // namespace

Result<void> Composer::compose(const Scene& scene, const Outputs& outputs) {
    TRY(validate(scene, outputs));
    TRY(reserve(scene.size.width));
    const std::span<Argb16> line(line_.get(), scene.size.width);
    uint32_t crc = crc_seed;
    for (uint32_t y = 0; y < scene.size.height; ++y) {
        std::ranges::fill(line, scene.background);
        for (const ScenePlane& plane : scene.planes) draw_plane(plane, y, line);
        apply_gamma(scene.degamma, line);
        if (scene.ctm) apply_ctm(*scene.ctm, line);
        apply_gamma(scene.gamma, line);
        if (outputs.crc != nullptr) crc = update_crc(crc, line);
        for (const TargetImage& target : outputs.images) write_line(target, y, line);
    }
    if (outputs.crc != nullptr) *outputs.crc = crc;
    return {};
}

Result<void> Composer::reserve(size_t width) {
    if (width <= capacity_) return {};
    capacity_ = 0;
    line_.reset(new (std::nothrow) Argb16[width]);
    stage_.reset(new (std::nothrow) Argb16[width]);
    if (line_ == nullptr || stage_ == nullptr) return Errno::NoMem;
    capacity_ = width;
    return {};
}

void Composer::draw_plane(const ScenePlane& plane, int64_t y, std::span<Argb16> line) {
    const drm::Rect& destination = plane.destination;
    if (y < destination.y || y >= destination.bottom()) return;
    const int64_t left = std::max<int64_t>(destination.x, 0);
    const int64_t right = std::min<int64_t>(destination.right(), static_cast<int64_t>(line.size()));
    if (left >= right) return;

    // The core has checked that the source lies within the buffer; memory is not trusted to that.
    const std::span<Argb16> stage(stage_.get(), static_cast<size_t>(right - left));
    const YuvReading reading = plane.pipeline ? YuvReading::Keep : YuvReading::Convert;
    std::span<Argb16> pixels = stage;
    if (plane.scaling) {
        read_scaled(plane, left, y, reading, pixels);
    } else {
        pixels = read_line(plane.image, walk_through(plane, left, y), reading, stage);
    }
    if (plane.pipeline) apply_pipeline(*plane.pipeline, pixels);
    std::ranges::fill(stage.subspan(pixels.size()), Argb16{});
    apply_plane_alpha(plane.alpha, plane.blend_mode, stage);
    blend_line(stage, line.subspan(static_cast<size_t>(left), stage.size()));
}

}  // namespace plugboard::vkms
