// For tests: pictures, modes and color pipelines as a client gives them to a card, and the CRCs
// that it reads.
#pragma once

#include <drm_mode.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "drivers/vkms/composer/color_pipeline.h"
#include "drivers/vkms/test_board.h"
#include "drm/sync/sync_file.h"
#include "tests/support/raw_picture.h"
#include "uapi/drm_extra.h"

namespace plugboard::vkms {

/// The operations of the plane's pipeline, found as a client finds them: from NEXT to NEXT.
inline std::vector<uint32_t> operations_of(TestClient& client, uint32_t plane) {
    std::array<drm_mode_property_enum, 2> enums{};
    drm_mode_get_property get{};
    get.prop_id = client.property(plane, "COLOR_PIPELINE").id;
    get.count_enum_blobs = enums.size();
    get.enum_blob_ptr = reinterpret_cast<uint64_t>(enums.data());
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPROPERTY, &get), 0);
    EXPECT_EQ(get.count_enum_blobs, enums.size());
    EXPECT_STREQ(enums[0].name, "Bypass");
    EXPECT_EQ(enums[0].value, 0u);
    EXPECT_EQ(enums[1].name, "Color Pipeline " + std::to_string(enums[1].value));
    std::vector<uint32_t> operations;
    for (uint64_t id = enums[1].value; id != 0;
         id = client.property(operations.back(), "NEXT").value)
        operations.push_back(static_cast<uint32_t>(id));
    return operations;
}

/// As DATA takes it.
inline uint32_t add_matrix(TestClient& client, const Matrix3x4& matrix) {
    drm_color_ctm_3x4 data{};
    for (size_t i = 0; i < matrix.factors.size(); ++i) {
        const int64_t factor = matrix.factors[i];
        data.matrix[i] = factor < 0 ? static_cast<uint64_t>(-factor) | uint64_t{1} << 63
                                    : static_cast<uint64_t>(factor);
    }
    return client.add_blob(&data, sizeof(data));
}

inline drm_mode_modeinfo mode_of(drm::Size size) {
    drm_mode_modeinfo mode{};
    mode.hdisplay = static_cast<uint16_t>(size.width);
    mode.vdisplay = static_cast<uint16_t>(size.height);
    mode.hsync_start = mode.hsync_end = mode.htotal = static_cast<uint16_t>(size.width + 10);
    mode.vsync_start = mode.vsync_end = mode.vtotal = static_cast<uint16_t>(size.height + 10);
    mode.clock = mode.htotal * mode.vtotal / 4;  // 250 Hz
    return mode;
}

/// A framebuffer with these bytes, each plane in a buffer of its own.
inline uint32_t add_picture(TestClient& client, const tests::RawPicture& picture) {
    drm_mode_fb_cmd2 add{};
    add.width = picture.width;
    add.height = picture.height;
    add.pixel_format = picture.format;
    for (uint32_t i = 0; i < picture.planes.size(); ++i) {
        const auto& bytes = picture.planes[i];
        const auto rows = static_cast<uint32_t>(10 + bytes.size() / 64);
        const DumbBuffer buffer = client.make_mapped_buffer(16, rows, DRM_FORMAT_XRGB8888, 4);
        std::memcpy(buffer.bytes.data(), bytes.data(), bytes.size());
        add.handles[i] = buffer.dumb.handle;
        add.pitches[i] = picture.pitch(i);
    }
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB2, &add), 0) << client.reason();
    return add.fb_id;
}

/// What the CRC of the next frame is.
inline uint32_t read_crc(TestBoard& board, drm::Device& device) {
    uint32_t frame = 0, crc = 0;
    for (const drm::DebugFile& file : device.debug_files()) {
        if (file.path != "crtc-0/crc/data") continue;
        const auto data = file.open(O_RDONLY);
        EXPECT_TRUE(data.ok());
        char bytes[64] = {};
        EXPECT_GT(read(data->borrow(), bytes, sizeof(bytes)), 0);
        EXPECT_EQ(std::sscanf(bytes, "0x%8x 0x%8x\n", &frame, &crc), 2);
    }
    board.model.service<drm::SpecialFiles>().watch().settle();  // it is closed
    return crc;
}

}  // namespace plugboard::vkms
