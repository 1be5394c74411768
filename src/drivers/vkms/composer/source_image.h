// A framebuffer as a composer reads it.
// Linux: drivers/gpu/drm/vkms/vkms_drv.h, struct vkms_frame_info
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "drivers/vkms/composer/yuv_matrix.h"
#include "drm/pixel/format.h"
#include "drm/pixel/geometry.h"

namespace plugboard::vkms {

/// Where one colour plane of a picture lies. Clients may write to the bytes at any time.
template <class Byte>
struct BasicPlaneMemory {
    std::span<Byte> bytes;
    uint32_t offset = 0;
    uint32_t pitch = 0;

    /// `wanted` bytes from `column` bytes into row `y` on, or as many of them as there are.
    std::span<Byte> at(uint64_t y, uint64_t column, uint64_t wanted) const {
        const uint64_t begin = offset + y * pitch + column;
        if (begin >= bytes.size()) return {};
        return bytes.subspan(begin, wanted < bytes.size() - begin ? wanted : bytes.size() - begin);
    }
};
using PlaneMemory = BasicPlaneMemory<const std::byte>;
using WritablePlaneMemory = BasicPlaneMemory<std::byte>;

/// A framebuffer to read. Pixels outside its size or its bytes count as transparent.
struct SourceImage {
    uint32_t format = 0;
    drm::Size size;
    std::array<PlaneMemory, drm::max_planes> planes;
    ColorEncoding encoding = ColorEncoding::Bt601;  // these two: of YUV formats
    ColorRange range = ColorRange::Full;
};

}  // namespace plugboard::vkms
