// What the profile "linux-latest" has that Linux 6.1 has not, and what 6.1 refuses of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "drivers/vkms/card.h"
#include "drivers/vkms/test_board.h"
#include "drm/pixel/format.h"

namespace plugboard::vkms {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Config latest() {
    return {.profile = Profile::LinuxLatest, .overlays = 8};
}

/// A 64x64 framebuffer of any format, a buffer for each plane; its id in `fb` if the answer is 0.
int add_fb(TestClient& client, uint32_t fourcc, uint32_t* fb = nullptr) {
    drm_mode_fb_cmd2 add{};
    add.width = add.height = 64;
    add.pixel_format = fourcc;
    for (uint32_t i = 0; i < drm::find_format(fourcc)->num_planes; ++i) {
        drm_mode_create_dumb dumb{};
        dumb.width = 64;
        dumb.height = 64;
        dumb.bpp = 64;
        EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CREATE_DUMB, &dumb), 0);
        add.handles[i] = dumb.handle;
        add.pitches[i] = dumb.pitch;
    }
    const int answer = client.ioctl(DRM_IOCTL_MODE_ADDFB2, &add);
    if (fb) *fb = add.fb_id;
    return answer;
}

std::vector<uint32_t> latest_formats() {
    const auto formats = limits_of(Profile::LinuxLatest).primary_formats;
    return {formats.begin(), formats.end()};
}

/// A board whose screen is on, 640x480, all of it one plane.
class LatestCard : public ::testing::Test {
  protected:
    void SetUp() override {
        for (const auto& mode : client_.probe(screen_)) {
            if (mode.hdisplay == 640) mode_ = mode;
        }
        fb_ = client_.make_mapped_buffer(640, 480, DRM_FORMAT_XRGB8888, 4).fb;
        ASSERT_EQ(client_.turn_on(crtc_, screen_, mode_, primary_, fb_), 0) << client_.reason();
    }
    int test(const std::vector<Setting>& settings) {
        return client_.atomic(settings, DRM_MODE_ATOMIC_TEST_ONLY);
    }
    /// As shown, but turned, and of this size.
    int turn(uint32_t rotation, uint32_t width, uint32_t height) {
        return test({{primary_, "rotation", rotation},
                     {primary_, "CRTC_W", width},
                     {primary_, "CRTC_H", height}});
    }

    TestBoard board_{latest()};
    TestClient client_{*board_.drm()};
    const uint32_t screen_ = client_.connectors[1];
    const uint32_t writeback_ = client_.connectors[0];
    const uint32_t crtc_ = client_.crtcs[0];
    const uint32_t primary_ = client_.planes[0];
    const uint32_t overlay_ = client_.planes[1];
    drm_mode_modeinfo mode_{};
    uint32_t fb_ = 0;
};

TEST_F(LatestCard, every_plane_shows_each_of_its_33_formats) {
    ASSERT_EQ(latest_formats().size(), 33u);
    for (const uint32_t format : latest_formats()) {
        uint32_t fb = 0;
        ASSERT_EQ(add_fb(client_, format, &fb), 0) << drm::fourcc_name(format);
        for (const uint32_t plane : client_.planes) {
            EXPECT_EQ(test(TestClient::place(plane, crtc_, fb, {8, 8, 64, 64})), 0)
                << drm::fourcc_name(format) << ": " << client_.reason();
        }
    }
}

TEST_F(LatestCard, each_writeback_format_is_taken) {
    for (const uint32_t format : limits_of(Profile::LinuxLatest).writeback_formats) {
        const auto bytes = drm::find_format(format)->blocks[0].bytes;
        const uint32_t fb = client_.make_mapped_buffer(640, 480, format, bytes).fb;
        EXPECT_EQ(
            client_.atomic({{writeback_, "CRTC_ID", crtc_}, {writeback_, "WRITEBACK_FB_ID", fb}},
                           DRM_MODE_ATOMIC_TEST_ONLY | DRM_MODE_ATOMIC_ALLOW_MODESET),
            0)
            << drm::fourcc_name(format) << ": " << client_.reason();
    }
}

TEST_F(LatestCard, screen_and_writeback_are_clones_of_each_other) {
    for (const uint32_t encoder : client_.encoders) {
        drm_mode_get_encoder get{};
        get.encoder_id = encoder;
        ASSERT_EQ(client_.ioctl(DRM_IOCTL_MODE_GETENCODER, &get), 0);
        EXPECT_EQ(get.possible_clones, 3u);
    }
}

TEST_F(LatestCard, a_primary_may_be_anywhere) {
    EXPECT_EQ(test(TestClient::place(primary_, crtc_, fb_, {100, -50, 640, 480})), 0);
    EXPECT_EQ(test(TestClient::place(primary_, crtc_, fb_, {0, 0, 320, 200})), 0);
    EXPECT_EQ(test({{primary_, "CRTC_W", 0}}), 0);
}

TEST_F(LatestCard, a_turned_plane_has_its_sides_swapped) {
    EXPECT_EQ(turn(DRM_MODE_ROTATE_90, 480, 640), 0) << client_.reason();
    EXPECT_EQ(turn(DRM_MODE_ROTATE_270 | DRM_MODE_REFLECT_Y, 480, 640), 0) << client_.reason();
    EXPECT_EQ(turn(DRM_MODE_ROTATE_180 | DRM_MODE_REFLECT_X, 640, 480), 0) << client_.reason();
    EXPECT_EQ(turn(DRM_MODE_ROTATE_90, 640, 480), ERANGE);
    EXPECT_THAT(client_.reason(), AllOf(HasSubstr("turned"), HasSubstr("640x480")));
    EXPECT_EQ(turn(DRM_MODE_ROTATE_180, 480, 640), ERANGE);
}

TEST_F(LatestCard, a_rotation_has_one_angle) {
    EXPECT_EQ(turn(DRM_MODE_ROTATE_0 | DRM_MODE_ROTATE_180, 640, 480), EINVAL);
    EXPECT_THAT(client_.reason(), HasSubstr("one angle"));
    EXPECT_EQ(turn(DRM_MODE_REFLECT_X, 640, 480), EINVAL);
    EXPECT_EQ(turn(DRM_MODE_ROTATE_0 | 1U << 6, 640, 480), EINVAL);
    EXPECT_THAT(client_.reason(), HasSubstr("not a value"));
}

TEST_F(LatestCard, colors_take_the_values_they_list) {
    EXPECT_EQ(test({{primary_, "COLOR_ENCODING", 2}, {primary_, "COLOR_RANGE", 0}}), 0);
    EXPECT_EQ(test({{primary_, "COLOR_ENCODING", 3}}), EINVAL);
    EXPECT_EQ(test({{primary_, "COLOR_RANGE", 2}}), EINVAL);
}

TEST_F(LatestCard, what_was_set_reads_back_and_stays) {
    constexpr uint64_t red = 0xffff'ffff'0000'0000;
    ASSERT_EQ(client_.atomic({{overlay_, "rotation", DRM_MODE_ROTATE_270},
                              {overlay_, "COLOR_ENCODING", 1},
                              {overlay_, "COLOR_RANGE", 0},
                              {crtc_, "BACKGROUND_COLOR", red}},
                             0),
              0)
        << client_.reason();
    ASSERT_EQ(client_.atomic({{primary_, "FB_ID", fb_}}, 0), 0);
    EXPECT_EQ(client_.property(overlay_, "rotation").value, DRM_MODE_ROTATE_270 + 0u);
    EXPECT_EQ(client_.property(overlay_, "COLOR_ENCODING").value, 1u);
    EXPECT_EQ(client_.property(overlay_, "COLOR_RANGE").value, 0u);
    EXPECT_EQ(client_.property(crtc_, "BACKGROUND_COLOR").value, red);
    EXPECT_EQ(client_.property(primary_, "rotation").value, DRM_MODE_ROTATE_0 + 0u);
    EXPECT_EQ(client_.property(primary_, "COLOR_RANGE").value, 1u);

    std::string state;
    for (const drm::DebugFile& file : board_.drm()->debug_files()) {
        if (file.path == "state") state = *file.show();
    }
    EXPECT_THAT(state, AllOf(HasSubstr("\trotation=8\n"), HasSubstr("=ITU-R BT.709 YCbCr\n"),
                             HasSubstr("=YCbCr limited range\n"),
                             HasSubstr("background_color=ffffffff00000000\n")));
}

TEST_F(LatestCard, config_file_has_the_text_of_linux_7_2) {
    Config config{.profile = Profile::LinuxLatest};
    config.name = "vkms";
    TestBoard other(config);
    std::string text;
    for (const drm::DebugFile& file : other.drm()->debug_files()) {
        if (file.path == "vkms_config") text = *file.show();
    }
    EXPECT_EQ(text,
              "dev_name=vkms\nplane:\n\ttype=1\nplane:\n\ttype=2\ncrtc:\n\twriteback=1\n"
              "encoder\nconnector:\n\tstatus=1\n");
}

TEST(Linux61Card, refuses_a_framebuffer_of_every_format_that_came_later) {
    TestBoard board;
    TestClient client(*board.drm());
    const Limits& limits = limits_of(Profile::Linux61);
    size_t newer = 0;
    for (const uint32_t format : latest_formats()) {
        const bool is_known =
            std::ranges::find(limits.overlay_formats, format) != limits.overlay_formats.end();
        EXPECT_EQ(add_fb(client, format), is_known ? 0 : EINVAL) << drm::fourcc_name(format);
        if (!is_known) ++newer;
    }
    EXPECT_EQ(newer, 28u);
}

TEST(Linux61Card, has_none_of_the_newer_properties) {
    TestBoard board;
    TestClient client(*board.drm());
    for (const uint32_t object : {client.planes[0], client.planes[1], client.crtcs[0]}) {
        for (const auto& property : client.properties(object)) {
            EXPECT_THAT(property.name,
                        ::testing::Not(::testing::AnyOf("rotation", "COLOR_ENCODING", "COLOR_RANGE",
                                                        "BACKGROUND_COLOR", "GAMMA_LUT")));
        }
    }
}

}  // namespace
}  // namespace plugboard::vkms
