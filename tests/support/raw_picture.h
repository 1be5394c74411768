// The pictures of raw bytes of reference/linux-7.2/README.md, in every format of vkms.
// Needs the core's table of formats only, so that client programs can draw them too.
#pragma once

#include <drm_fourcc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "src/drm/pixel/format.h"
#include "src/uapi/drm_fourcc_extra.h"

namespace plugboard::tests {

/// A picture of several planes without padding, each in memory of its own.
struct RawPicture {
    uint32_t format = 0;
    uint32_t width = 0, height = 0;
    std::vector<std::vector<std::byte>> planes;

    uint32_t pitch(uint32_t plane) const {
        return static_cast<uint32_t>(drm::min_pitch(*drm::find_format(format), plane, width));
    }
};

/// Cuts each channel of a pixel of four to at most its alpha.
template <class Channel>
void cut_to_alpha(std::vector<std::byte>& bytes, size_t alpha) {
    Channel pixel[4];
    for (size_t i = 0; i + sizeof(pixel) <= bytes.size(); i += sizeof(pixel)) {
        std::memcpy(pixel, &bytes[i], sizeof(pixel));
        for (Channel& channel : pixel) channel = std::min(channel, pixel[alpha]);
        std::memcpy(&bytes[i], pixel, sizeof(pixel));
    }
}

inline void premultiply(RawPicture& picture) {
    switch (picture.format) {
        case DRM_FORMAT_ARGB8888:
        case DRM_FORMAT_ABGR8888: return cut_to_alpha<uint8_t>(picture.planes[0], 3);
        case DRM_FORMAT_RGBA8888:
        case DRM_FORMAT_BGRA8888: return cut_to_alpha<uint8_t>(picture.planes[0], 0);
        case DRM_FORMAT_ARGB16161616:
        case DRM_FORMAT_ABGR16161616: return cut_to_alpha<uint16_t>(picture.planes[0], 3);
        default: return;
    }
}

inline RawPicture raw_picture(uint32_t format, uint32_t width, uint32_t height) {
    const drm::FormatInfo& info = *drm::find_format(format);
    RawPicture picture{.format = format, .width = width, .height = height, .planes = {}};
    for (uint32_t k = 0; k < info.num_planes; ++k) {
        auto& bytes = picture.planes.emplace_back(size_t{picture.pitch(k)} *
                                                  drm::plane_height(info, k, height));
        for (size_t n = 0; n < bytes.size(); ++n)
            bytes[n] = static_cast<std::byte>(n * 7 + (n >> 8) * 13 + 5 + k * 31);
    }
    premultiply(picture);
    return picture;
}

/// The format that drm_fourcc.h calls DRM_FORMAT_<name>; 0 if vkms has none of that name.
inline uint32_t format_named(std::string_view name) {
    struct Named {
        std::string_view name;
        uint32_t format;
    };
    static constexpr Named names[] = {
        {"ARGB8888", DRM_FORMAT_ARGB8888},
        {"ABGR8888", DRM_FORMAT_ABGR8888},
        {"BGRA8888", DRM_FORMAT_BGRA8888},
        {"RGBA8888", DRM_FORMAT_RGBA8888},
        {"XRGB8888", DRM_FORMAT_XRGB8888},
        {"XBGR8888", DRM_FORMAT_XBGR8888},
        {"RGB888", DRM_FORMAT_RGB888},
        {"BGR888", DRM_FORMAT_BGR888},
        {"XRGB16161616", DRM_FORMAT_XRGB16161616},
        {"XBGR16161616", DRM_FORMAT_XBGR16161616},
        {"ARGB16161616", DRM_FORMAT_ARGB16161616},
        {"ABGR16161616", DRM_FORMAT_ABGR16161616},
        {"RGB565", DRM_FORMAT_RGB565},
        {"BGR565", DRM_FORMAT_BGR565},
        {"NV12", DRM_FORMAT_NV12},
        {"NV16", DRM_FORMAT_NV16},
        {"NV24", DRM_FORMAT_NV24},
        {"NV21", DRM_FORMAT_NV21},
        {"NV61", DRM_FORMAT_NV61},
        {"NV42", DRM_FORMAT_NV42},
        {"YUV420", DRM_FORMAT_YUV420},
        {"YUV422", DRM_FORMAT_YUV422},
        {"YUV444", DRM_FORMAT_YUV444},
        {"YVU420", DRM_FORMAT_YVU420},
        {"YVU422", DRM_FORMAT_YVU422},
        {"YVU444", DRM_FORMAT_YVU444},
        {"P010", DRM_FORMAT_P010},
        {"P012", DRM_FORMAT_P012},
        {"P016", DRM_FORMAT_P016},
        {"R1", DRM_FORMAT_R1},
        {"R2", DRM_FORMAT_R2},
        {"R4", DRM_FORMAT_R4},
        {"R8", DRM_FORMAT_R8},
    };
    const auto* found = std::ranges::find(names, name, &Named::name);
    return found == std::end(names) ? 0 : found->format;
}

}  // namespace plugboard::tests
