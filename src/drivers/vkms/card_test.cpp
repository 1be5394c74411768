// The objects, properties, formats and modes of a vkms device are those of
// tests/reference/linux-6.1.
#include "drivers/vkms/card.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "drivers/vkms/test_board.h"
#include "tests/support/reference_files.h"

namespace plugboard::vkms {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> names(const std::vector<TestClient::Property>& properties) {
    std::vector<std::string> all;
    for (const auto& property : properties) all.push_back(property.name);
    return all;
}

std::vector<std::string> plane_formats(TestClient& client, uint32_t plane) {
    drm_mode_get_plane get{};
    get.plane_id = plane;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPLANE, &get), 0);
    std::vector<uint32_t> formats(get.count_format_types);
    get.format_type_ptr = reinterpret_cast<uint64_t>(formats.data());
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPLANE, &get), 0);
    std::vector<std::string> all;
    for (const uint32_t format : formats) all.push_back(drm::fourcc_name(format));
    return all;
}

uint32_t possible_crtcs(TestClient& client, uint32_t plane) {
    drm_mode_get_plane get{};
    get.plane_id = plane;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPLANE, &get), 0);
    return get.possible_crtcs;
}

constexpr uint64_t type_value(drm::PlaneType type) {
    return static_cast<uint64_t>(type);
}

/// As modetest prints it.
std::string mode_line(size_t index, const drm_mode_modeinfo& mode) {
    const double refresh =
        mode.clock * 1000.0 / (static_cast<double>(mode.htotal) * static_cast<double>(mode.vtotal));
    const bool preferred = (mode.type & DRM_MODE_TYPE_PREFERRED) != 0;
    return fmt::format(
        "  #{} {} {:.2f} {} {} {} {} {} {} {} {} {} flags: {}hsync, {}vsync; type: {}driver", index,
        mode.name, refresh, mode.hdisplay, mode.hsync_start, mode.hsync_end, mode.htotal,
        mode.vdisplay, mode.vsync_start, mode.vsync_end, mode.vtotal, mode.clock,
        (mode.flags & DRM_MODE_FLAG_PHSYNC) != 0 ? "p" : "n",
        (mode.flags & DRM_MODE_FLAG_PVSYNC) != 0 ? "p" : "n", preferred ? "preferred, " : "");
}

std::string hex(const std::vector<std::byte>& bytes) {
    std::string text;
    for (const std::byte byte : bytes) text += fmt::format("{:02x}", byte);
    return text;
}

/// Where a plane ends up when its test commit passes; else the errno.
int test_plane(TestClient& client, uint32_t plane, uint32_t crtc, uint32_t fb, drm::Rect to,
               uint32_t source_width) {
    auto settings = TestClient::place(plane, crtc, fb, to);
    settings.push_back({plane, "SRC_W", uint64_t{source_width} << 16});
    return client.atomic(settings, DRM_MODE_ATOMIC_TEST_ONLY);
}

TEST(Card, version_is_that_of_linux_6_1) {
    TestBoard board;
    TestClient client(*board.drm());
    char name[32] = {}, date[32] = {}, description[64] = {};
    drm_version version{};
    version.name = name;
    version.name_len = sizeof(name);
    version.date = date;
    version.date_len = sizeof(date);
    version.desc = description;
    version.desc_len = sizeof(description);
    ASSERT_EQ(client.ioctl(DRM_IOCTL_VERSION, &version), 0);
    EXPECT_STREQ(name, "vkms");
    EXPECT_STREQ(date, "20180514");
    EXPECT_STREQ(description, "Virtual Kernel Mode Setting");
    EXPECT_EQ(version.version_major, 1);
}

TEST(Card, limits_are_those_of_linux_6_1) {
    TestBoard board;
    TestClient client(*board.drm());
    drm_mode_card_res all{};
    ASSERT_EQ(client.ioctl(DRM_IOCTL_MODE_GETRESOURCES, &all), 0);
    EXPECT_EQ(all.min_width, 20U);
    EXPECT_EQ(all.max_width, 8192U);
    EXPECT_EQ(all.min_height, 20U);
    EXPECT_EQ(all.max_height, 8192U);
    drm_get_cap cursor{.capability = DRM_CAP_CURSOR_WIDTH, .value = 0};
    ASSERT_EQ(client.ioctl(DRM_IOCTL_GET_CAP, &cursor), 0);
    EXPECT_EQ(cursor.value, 512U);
}

TEST(Card, default_has_two_planes_one_crtc_and_two_connectors) {
    TestBoard board;
    TestClient client(*board.drm());
    EXPECT_EQ(client.planes.size(), 2U);
    EXPECT_EQ(client.crtcs.size(), 1U);
    EXPECT_EQ(client.encoders.size(), 2U);
    EXPECT_EQ(client.connectors.size(), 2U);
}

TEST(Card, planes_have_the_formats_of_linux_6_1) {
    TestBoard board;
    TestClient client(*board.drm());
    EXPECT_THAT(plane_formats(client, client.planes[0]), ElementsAre("XR24", "XR48", "RG16"));
    EXPECT_THAT(plane_formats(client, client.planes[1]),
                ElementsAre("AR24", "XR24", "XR48", "AR48", "RG16"));
}

TEST(Card, planes_have_the_properties_of_linux_6_1) {
    TestBoard board;
    TestClient client(*board.drm());
    const auto primary = client.properties(client.planes[0]);
    EXPECT_THAT(names(primary),
                ElementsAre("type", "FB_ID", "IN_FENCE_FD", "CRTC_ID", "CRTC_X", "CRTC_Y", "CRTC_W",
                            "CRTC_H", "SRC_X", "SRC_Y", "SRC_W", "SRC_H", "IN_FORMATS"));
    EXPECT_EQ(primary[0].value, type_value(drm::PlaneType::Primary));
    EXPECT_EQ(client.property(client.planes[1], "type").value, type_value(drm::PlaneType::Cursor));
}

TEST(Card, in_formats_has_the_bytes_of_linux_6_1) {
    TestBoard board;
    TestClient client(*board.drm());
    EXPECT_EQ(hex(client.blob(client.property(client.planes[0], "IN_FORMATS").value)),
              "01000000000000000300000018000000"
              "01000000280000005852323458523438"
              "52473136000000000700000000000000"
              "00000000000000000000000000000000");
}

TEST(Card, crtc_has_the_properties_of_linux_6_1) {
    TestBoard board;
    TestClient client(*board.drm());
    EXPECT_THAT(names(client.properties(client.crtcs[0])),
                ElementsAre("ACTIVE", "MODE_ID", "OUT_FENCE_PTR", "VRR_ENABLED"));
}

TEST(Card, connectors_have_the_properties_of_linux_6_1) {
    TestBoard board;
    TestClient client(*board.drm());
    EXPECT_THAT(names(client.properties(client.connectors[0])),
                ElementsAre("DPMS", "link-status", "non-desktop", "TILE", "CRTC_ID"));
    EXPECT_THAT(
        names(client.properties(client.connectors[1])),
        ElementsAre("DPMS", "link-status", "non-desktop", "TILE", "CRTC_ID",
                    "WRITEBACK_OUT_FENCE_PTR", "WRITEBACK_FB_ID", "WRITEBACK_PIXEL_FORMATS"));
}

TEST(Card, writeback_takes_the_formats_of_linux_6_1) {
    TestBoard board;
    TestClient client(*board.drm());
    const auto id = client.property(client.connectors[1], "WRITEBACK_PIXEL_FORMATS").value;
    EXPECT_EQ(hex(client.blob(id)),
              "58523234"
              "58523438"
              "41523438"
              "52473136");
}

TEST(Card, encoders_are_clones_of_themselves_only) {
    TestBoard board;
    TestClient client(*board.drm());
    for (uint32_t i = 0; i < 2; ++i) {
        drm_mode_get_encoder get{};
        get.encoder_id = client.encoders[i];
        ASSERT_EQ(client.ioctl(DRM_IOCTL_MODE_GETENCODER, &get), 0);
        EXPECT_EQ(get.encoder_type, DRM_MODE_ENCODER_VIRTUAL + 0U);
        EXPECT_EQ(get.possible_crtcs, 1U);
        EXPECT_EQ(get.possible_clones, 1U << i);
    }
}

TEST(Card, modes_are_those_of_modetest_on_linux_6_1) {
    TestBoard board;
    TestClient client(*board.drm());
    const auto dump = tests::reference_lines("linux-6.1/modetest.txt");
    const auto modes = client.probe(client.connectors[0]);
    ASSERT_EQ(modes.size(), 34U);
    const auto first = std::find_if(dump.begin(), dump.end(), [](const std::string& line) {
        return line.starts_with("  #0 1024x768");
    });
    ASSERT_GE(dump.end() - first, 34);
    for (size_t i = 0; i < modes.size(); ++i)
        EXPECT_EQ(mode_line(i, modes[i]), first[static_cast<std::ptrdiff_t>(i)]);
}

TEST(Card, writeback_prefers_no_mode) {
    TestBoard board;
    TestClient client(*board.drm());
    const auto modes = client.probe(client.connectors[1]);
    ASSERT_EQ(modes.size(), 34U);
    EXPECT_STREQ(modes[0].name, "4096x2160");
    EXPECT_EQ(modes[0].type, DRM_MODE_TYPE_DRIVER + 0U);
}

TEST(Card, eight_overlays_lie_between_primary_and_cursor) {
    Config config;
    config.overlays = 8;
    TestBoard board(config);
    TestClient client(*board.drm());
    ASSERT_EQ(client.planes.size(), 10U);
    EXPECT_EQ(client.property(client.planes[0], "type").value, type_value(drm::PlaneType::Primary));
    EXPECT_EQ(client.property(client.planes[1], "type").value, type_value(drm::PlaneType::Overlay));
    EXPECT_EQ(client.property(client.planes[9], "type").value, type_value(drm::PlaneType::Cursor));
}

TEST(Card, two_screens_have_two_crtcs_with_planes_of_their_own) {
    Config config;
    config.overlays = 8;
    config.screens.resize(2);
    TestBoard board(config);
    TestClient client(*board.drm());
    ASSERT_EQ(client.crtcs.size(), 2U);
    ASSERT_EQ(client.connectors.size(), 4U);
    ASSERT_EQ(client.planes.size(), 12U);
    EXPECT_EQ(possible_crtcs(client, client.planes[0]), 1U);
    EXPECT_EQ(possible_crtcs(client, client.planes[1]), 2U);
    EXPECT_EQ(possible_crtcs(client, client.planes[2]), 3U);
    EXPECT_EQ(possible_crtcs(client, client.planes[11]), 2U);
}

TEST(Card, a_screen_with_a_size_has_that_mode_only) {
    Config config;
    config.screens = {{.mode = ScreenMode{.width = 1280, .height = 720, .refresh_hz = 75}}};
    TestBoard board(config);
    TestClient client(*board.drm());
    const auto modes = client.probe(client.connectors[0]);
    ASSERT_EQ(modes.size(), 1U);
    EXPECT_EQ(modes[0].hdisplay, 1280);
    EXPECT_EQ(modes[0].vdisplay, 720);
    EXPECT_EQ(modes[0].vrefresh, 75U);
    EXPECT_EQ(modes[0].type, DRM_MODE_TYPE_PREFERRED | DRM_MODE_TYPE_DRIVER);
}

TEST(Card, a_screen_that_is_none_is_disconnected) {
    Config config;
    config.screens = {{.connected = false}};
    TestBoard board(config);
    TestClient client(*board.drm());
    uint32_t status = 0;
    EXPECT_TRUE(client.probe(client.connectors[0], &status).empty());
    EXPECT_EQ(status, static_cast<uint32_t>(drm::ConnectorStatus::Disconnected));
}

TEST(Card, config_file_has_the_text_of_linux_6_1) {
    TestBoard board;
    std::string text;
    for (const drm::DebugFile& file : board.drm()->debug_files()) {
        if (file.path == "vkms_config") text = *file.show();
    }
    EXPECT_EQ(text, "writeback=1\ncursor=1\noverlay=0\n");
}

/// A board whose screen is on, 640x480.
class CardCheck : public ::testing::Test {
  protected:
    static Config config() {
        Config config;
        config.overlays = 8;
        return config;
    }
    void SetUp() override {
        for (const auto& mode : client_.probe(client_.connectors[0])) {
            if (mode.hdisplay == 640) mode_ = mode;
        }
        fb_ = client_.make_mapped_buffer(640, 480, DRM_FORMAT_XRGB8888, 4).fb;
        ASSERT_EQ(client_.turn_on(crtc_, client_.connectors[0], mode_, primary_, fb_), 0);
    }

    TestBoard board_{config()};
    TestClient client_{*board_.drm()};
    uint32_t crtc_ = client_.crtcs[0];
    uint32_t primary_ = client_.planes[0];
    uint32_t overlay_ = client_.planes[1];
    drm_mode_modeinfo mode_{};
    uint32_t fb_ = 0;
};

TEST_F(CardCheck, a_primary_that_leaves_the_corner_is_refused) {
    EXPECT_EQ(test_plane(client_, primary_, crtc_, fb_, {1, 0, 640, 480}, 640), EINVAL);
    EXPECT_EQ(test_plane(client_, primary_, crtc_, fb_, {-1, 0, 640, 480}, 640), EINVAL);
}

TEST_F(CardCheck, a_primary_that_covers_half_the_mode_is_refused) {
    EXPECT_EQ(test_plane(client_, primary_, crtc_, fb_, {0, 0, 320, 480}, 320), EINVAL);
}

TEST_F(CardCheck, a_primary_of_no_width_is_refused) {
    EXPECT_EQ(test_plane(client_, primary_, crtc_, fb_, {0, 0, 0, 480}, 640), EINVAL);
}

TEST_F(CardCheck, a_primary_larger_than_the_mode_is_fine) {
    const uint32_t large = client_.make_mapped_buffer(700, 500, DRM_FORMAT_XRGB8888, 4).fb;
    EXPECT_EQ(test_plane(client_, primary_, crtc_, large, {-10, -10, 700, 500}, 700), 0);
}

TEST_F(CardCheck, scaling_is_out_of_range) {
    EXPECT_EQ(test_plane(client_, primary_, crtc_, fb_, {0, 0, 640, 480}, 320), ERANGE);
    EXPECT_EQ(test_plane(client_, overlay_, crtc_, fb_, {0, 0, 100, 100}, 101), ERANGE);
}

TEST_F(CardCheck, an_overlay_may_be_anywhere) {
    EXPECT_EQ(test_plane(client_, overlay_, crtc_, fb_, {-600, 470, 640, 480}, 640), 0);
    EXPECT_EQ(test_plane(client_, overlay_, crtc_, fb_, {5000, 0, 640, 480}, 640), 0);
    EXPECT_EQ(test_plane(client_, overlay_, crtc_, fb_, {0, 0, 0, 480}, 640), 0);
}

TEST_F(CardCheck, a_crtc_needs_no_primary) {
    EXPECT_EQ(client_.atomic({{primary_, "FB_ID", 0}, {primary_, "CRTC_ID", 0}}, 0), 0);
}

}  // namespace
}  // namespace plugboard::vkms
