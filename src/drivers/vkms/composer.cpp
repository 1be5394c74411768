// The scalar reference composer: slow, plain, and the judge of every faster one.
// Linux: drivers/gpu/drm/vkms/vkms_composer.c
#include "drivers/vkms/composer.h"

#include <algorithm>
#include <new>

#include "drivers/vkms/blend.h"
#include "drivers/vkms/gamma.h"
#include "drivers/vkms/line_crc.h"
#include "drivers/vkms/pixel_reader.h"
#include "drivers/vkms/pixel_writer.h"

namespace plugboard::vkms {
namespace {

/// How many of `wanted` pixels from (x, y) on lie within the memory, and where they begin.
template <class Byte>
std::span<Byte> row_bytes(const BasicPlaneMemory<Byte>& memory, uint64_t x, uint64_t y,
                          uint64_t wanted, uint32_t bytes_per_pixel) {
    const uint64_t begin = memory.offset + y * memory.pitch + x * bytes_per_pixel;
    if (begin >= memory.bytes.size()) return {};
    const uint64_t available = (memory.bytes.size() - begin) / bytes_per_pixel;
    return memory.bytes.subspan(begin, std::min(wanted, available) * bytes_per_pixel);
}

void write_line(const TargetImage& target, uint64_t y, std::span<const Argb16> line) {
    const PixelWriter& writer = *find_writer(target.format);
    const auto row = row_bytes(target.memory, 0, y, line.size(), writer.bytes_per_pixel);
    writer.write(line.first(row.size() / writer.bytes_per_pixel), row.data());
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
    const uint64_t column =
        plane.source.first_column() + static_cast<uint64_t>(left - destination.x);
    const uint64_t row = plane.source.first_row() + static_cast<uint64_t>(y - destination.y);
    const drm::Size& size = plane.image.size;
    if (column >= size.width || row >= size.height) return;
    const uint64_t wanted =
        std::min<uint64_t>(static_cast<uint64_t>(right - left), size.width - column);

    const PixelReader& reader = *find_reader(plane.image.format);
    const auto bytes =
        row_bytes(plane.image.planes[0], column, row, wanted, reader.bytes_per_pixel);
    const std::span<Argb16> pixels(stage_.get(), bytes.size() / reader.bytes_per_pixel);
    reader.read(bytes.data(), pixels);
    blend_line(pixels, line.subspan(static_cast<size_t>(left), pixels.size()));
}

}  // namespace plugboard::vkms
