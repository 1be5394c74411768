// Cards whose layout says more than a profile does.
#include <drm_fourcc.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "drivers/vkms/test_board.h"
#include "tests/support/comes_true.h"

namespace plugboard::vkms {
namespace {

constexpr uint64_t tiled = fourcc_mod_code(INTEL, 1);

/// One plane, CRTC and screen; the plane lists what nothing draws.
Config listing_config() {
    Config config = with_profile(Profile::LinuxLatest);
    config.layout = Layout{
        .planes = {{.type = drm::PlaneType::Primary,
                    .possible_crtcs = 1,
                    .formats = {DRM_FORMAT_XRGB8888, DRM_FORMAT_XRGB2101010},
                    .modifiers =
                        {{.modifier = tiled, .formats = {DRM_FORMAT_XRGB8888}, .is_drawn = false},
                         {.modifier = DRM_FORMAT_MOD_LINEAR,
                          .formats = {DRM_FORMAT_XRGB8888, DRM_FORMAT_XRGB2101010}}},
                    .not_drawn = {DRM_FORMAT_XRGB2101010},
                    .rotations = 0,
                    .yuv_colors = false}},
        .crtcs = {{.gamma_size = 0, .background_color = false}},
        .encoders = {{.possible_crtcs = 1, .type = DRM_MODE_ENCODER_TMDS, .possible_clones = 1}},
        .possible_encoders = {1}};
    config.sizes = {.max_width = 2048, .cursor_width = 64, .cursor_height = 64};
    return config;
}

/// errno of a 64x64 framebuffer.
int add_framebuffer(TestClient& client, uint32_t format, uint64_t modifier, uint32_t width = 64) {
    drm_mode_create_dumb dumb{};
    dumb.width = width;
    dumb.height = 64;
    dumb.bpp = 32;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CREATE_DUMB, &dumb), 0);
    drm_mode_fb_cmd2 add{};
    add.width = width;
    add.height = 64;
    add.pixel_format = format;
    add.flags = DRM_MODE_FB_MODIFIERS;
    add.handles[0] = dumb.handle;
    add.pitches[0] = dumb.pitch;
    add.modifier[0] = modifier;
    return client.ioctl(DRM_IOCTL_MODE_ADDFB2, &add);
}

TEST(CardLayout, buffers_of_what_is_listed_and_not_drawn_are_refused) {
    TestBoard board(listing_config());
    TestClient client(*board.drm());
    EXPECT_EQ(add_framebuffer(client, DRM_FORMAT_XRGB8888, DRM_FORMAT_MOD_LINEAR), 0);
    EXPECT_EQ(add_framebuffer(client, DRM_FORMAT_XRGB8888, tiled), EINVAL);
    EXPECT_EQ(add_framebuffer(client, DRM_FORMAT_XRGB2101010, DRM_FORMAT_MOD_LINEAR), EINVAL);
}

TEST(CardLayout, has_its_own_limits) {
    TestBoard board(listing_config());
    TestClient client(*board.drm());
    EXPECT_EQ(add_framebuffer(client, DRM_FORMAT_XRGB8888, DRM_FORMAT_MOD_LINEAR, 2049), EINVAL);
}

TEST(CardLayout, has_no_properties_that_it_leaves_out) {
    TestBoard board(listing_config());
    TestClient client(*board.drm());
    const auto has = [&](uint32_t object, const std::string& name) {
        for (const auto& property : client.properties(object))
            if (property.name == name) return true;
        return false;
    };
    EXPECT_TRUE(has(client.planes[0], "IN_FORMATS"));
    EXPECT_FALSE(has(client.planes[0], "rotation"));
    EXPECT_FALSE(has(client.planes[0], "COLOR_RANGE"));
    EXPECT_FALSE(has(client.crtcs[0], "GAMMA_LUT"));
    EXPECT_FALSE(has(client.crtcs[0], "BACKGROUND_COLOR"));
}

TEST(CardLayout, a_screen_has_the_modes_and_size_that_are_listed) {
    Config config = listing_config();
    config.screens = {{.modes = {drm::Mode::cvt(800, 600, 60), drm::Mode::cvt(640, 480, 60)},
                       .width_mm = 300,
                       .height_mm = 200}};
    TestBoard board(config);
    TestClient client(*board.drm());
    uint32_t status = 0;
    const auto modes = client.probe(client.connectors[0], &status);
    EXPECT_EQ(status, 1u);
    ASSERT_EQ(modes.size(), 2u);
    EXPECT_EQ(modes[0].hdisplay, 800);
    EXPECT_EQ(modes[1].hdisplay, 640);
}

TEST(CardLayout, a_screen_that_is_unsure_has_modes) {
    Config config = listing_config();
    config.screens = {{.is_unsure = true}};
    TestBoard board(config);
    TestClient client(*board.drm());
    uint32_t status = 0;
    EXPECT_FALSE(client.probe(client.connectors[0], &status).empty());
    EXPECT_EQ(status, 3u);
}

TEST(CardLayout, a_screen_without_EDID_has_the_modes_within_the_cards_own_sizes) {
    Config config = listing_config();
    config.sizes = {.max_width = 1280, .max_height = 768};
    TestBoard board(config);
    TestClient client(*board.drm());
    const auto modes = client.probe(client.connectors[0]);
    EXPECT_FALSE(modes.empty());
    for (const auto& mode : modes) {
        EXPECT_LE(mode.hdisplay, 1280);
        EXPECT_LE(mode.vdisplay, 768);
    }
}

TEST(CardLayout, the_driver_lists_no_modes_beyond_the_cards_own_sizes) {
    // given
    Config config = listing_config();
    config.layout->crtcs[0].writeback = true;
    config.sizes = {.max_width = 1280, .max_height = 768};
    TestBoard board(config);
    for (const Ref<drm::Connector>& connector : board.drm()->mode_config().connectors) {
        // when
        const auto modes = connector->info().modes();  // the core has not looked at them yet
        // then
        EXPECT_FALSE(modes.empty()) << connector->name();
        for (const drm::Mode& mode : modes) {
            EXPECT_LE(mode.size().width, 1280u) << connector->name();
            EXPECT_LE(mode.size().height, 768u) << connector->name();
        }
    }
}

TEST(CardLayout, frames_as_large_as_the_cards_own_sizes_are_composed) {
    Config config = with_profile(Profile::LinuxLatest);
    config.sizes = {.max_width = 9000};
    config.screens = {{.modes = {drm::Mode::cvt(8400, 480, 60)}}};
    TestBoard board(config);
    TestClient client(*board.drm());
    const uint32_t writeback = client.connectors[0], screen = client.connectors[1];
    const auto mode = client.probe(screen).at(0);
    const auto shown = client.make_mapped_buffer(8400, 480, DRM_FORMAT_XRGB8888, 4);
    const auto target = client.make_mapped_buffer(8400, 480, DRM_FORMAT_XRGB8888, 4);
    std::memset(shown.bytes.data(), 0x5a, shown.bytes.size());
    ASSERT_EQ(client.turn_on(client.crtcs[0], screen, mode, client.planes[0], shown.fb), 0)
        << client.reason();
    int fence = -1;
    ASSERT_EQ(
        client.atomic({{writeback, "CRTC_ID", client.crtcs[0]},
                       {writeback, "WRITEBACK_FB_ID", target.fb},
                       {writeback, "WRITEBACK_OUT_FENCE_PTR", reinterpret_cast<uint64_t>(&fence)}},
                      DRM_MODE_ATOMIC_ALLOW_MODESET),
        0)
        << client.reason();
    const UniqueFd done(fence);
    const size_t last_pixel = size_t{target.dumb.pitch} * 479 + size_t{8399} * 4;
    EXPECT_TRUE(tests::comes_true([&] { return target.bytes[last_pixel] == std::byte{0x5a}; }));
}

}  // namespace
}  // namespace plugboard::vkms
