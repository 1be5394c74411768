// Asynchronous flips of a card of profile "full": what they change, and when they are done.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/vkms/test_board.h"
#include "tests/support/comes_true.h"
#include "uapi/drm_extra.h"

namespace plugboard::vkms {
namespace {

using ::testing::HasSubstr;

Config with_overlays() {
    Config config = with_profile(Profile::Full);
    config.overlays = 2;
    return config;
}

/// A board whose screen is on, 640x480 of one buffer; another one can be flipped to.
class AsyncCard : public ::testing::Test {
  protected:
    void SetUp() override {
        drm_mode_modeinfo mode{};
        for (const auto& known : client_.probe(screen_)) {
            if (known.hdisplay == 640) mode = known;
        }
        ASSERT_EQ(client_.turn_on(crtc_, screen_, mode, primary_, first_.fb), 0)
            << client_.reason();
    }
    int flip(std::vector<Setting> settings, uint32_t flags = DRM_MODE_ATOMIC_NONBLOCK) {
        return client_.atomic(settings, flags | DRM_MODE_PAGE_FLIP_ASYNC);
    }
    DumbBuffer small() { return client_.make_mapped_buffer(64, 64, DRM_FORMAT_ARGB8888, 4); }

    TestBoard board_{with_overlays()};
    TestClient client_{*board_.drm()};
    const uint32_t screen_ = client_.connectors[1];
    const uint32_t crtc_ = client_.crtcs[0];
    const uint32_t primary_ = client_.planes[0];
    const uint32_t overlay_ = client_.planes[1];
    DumbBuffer first_ = client_.make_mapped_buffer(640, 480, DRM_FORMAT_XRGB8888, 4);
    DumbBuffer other_ = client_.make_mapped_buffer(640, 480, DRM_FORMAT_XRGB8888, 4);
};

TEST_F(AsyncCard, changes_the_framebuffer_of_a_primary_and_nothing_else) {
    EXPECT_EQ(flip({{primary_, "FB_ID", other_.fb}}), 0) << client_.reason();
    EXPECT_EQ(flip({{primary_, "FB_ID", first_.fb}, {primary_, "CRTC_W", 640}}, 0), 0);
    EXPECT_EQ(flip({{primary_, "FB_ID", first_.fb}, {primary_, "CRTC_X", 1}}), EINVAL);
    EXPECT_THAT(client_.reason(), HasSubstr("nothing but FB_ID"));
    EXPECT_EQ(flip({{crtc_, "BACKGROUND_COLOR", 1}}), EINVAL);
    EXPECT_EQ(flip({{screen_, "CRTC_ID", 0}}, DRM_MODE_ATOMIC_ALLOW_MODESET), EINVAL);
    ASSERT_EQ(client_.atomic(TestClient::place(overlay_, crtc_, small().fb, {0, 0, 64, 64}), 0), 0);
    EXPECT_EQ(flip({{overlay_, "FB_ID", small().fb}}), EINVAL);
    EXPECT_THAT(client_.reason(), HasSubstr("only primary planes"));
}

TEST_F(AsyncCard, changes_no_color_pipeline) {
    ASSERT_EQ(client_.set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE), 0);
    const drm::Plane& plane = *board_.drm()->mode_config().planes[0];
    const uint32_t operation = raw(plane.colorops().front()->id());
    EXPECT_EQ(flip({{primary_, "COLOR_PIPELINE", operation}}), EINVAL);
    EXPECT_EQ(flip({{operation, "BYPASS", 0}}), EINVAL);
    EXPECT_THAT(client_.reason(), HasSubstr("colorop-"));
    EXPECT_EQ(flip({{operation, "BYPASS", 1}, {primary_, "FB_ID", other_.fb}}), 0)
        << client_.reason();
}

TEST(AsyncFlip, is_done_before_the_next_vblank) {
    FakeClock clock;
    TestBoard board(with_overlays(), clock);
    TestClient client(*board.drm());
    const uint32_t screen = client.connectors[1];
    const drm_mode_modeinfo mode = client.probe(screen).front();
    const auto fb = [&] {
        return client.make_mapped_buffer(mode.hdisplay, mode.vdisplay, DRM_FORMAT_XRGB8888, 4).fb;
    };
    ASSERT_EQ(client.turn_on(client.crtcs[0], screen, mode, client.planes[0], fb()), 0);
    for (uint64_t i = 1; i <= 5; ++i) {
        drm_mode_crtc_page_flip flip{};
        flip.crtc_id = client.crtcs[0];
        flip.fb_id = fb();
        flip.flags = DRM_MODE_PAGE_FLIP_ASYNC | DRM_MODE_PAGE_FLIP_EVENT;
        flip.user_data = i;
        ASSERT_EQ(client.ioctl(DRM_IOCTL_MODE_PAGE_FLIP, &flip), 0) << client.reason();
        EXPECT_TRUE(tests::comes_true([&] { return client.events().unread() != 0; }));
        EXPECT_EQ(client.events().take().size(), 1u);
    }
    board.unplug();  // or what is shown would wait for a vblank to go
}

}  // namespace
}  // namespace plugboard::vkms
