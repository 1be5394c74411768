// What the switches of profile "full" give a card beyond the kernel's vkms, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "drivers/vkms/screenshot.h"
#include "drivers/vkms/test_board.h"
#include "uapi/drm_extra.h"

namespace plugboard::vkms {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// The latest profile with a screen and an overlay, and those switches that `change` turns.
Config latest_with(const std::function<void(Features&)>& change) {
    Config config{.profile = Profile::Full, .overlays = 2};
    change(config.features);
    return config;
}

Config full() {
    Config config = with_profile(Profile::Full);
    config.overlays = 2;
    return config;
}

void fill(DumbBuffer& buffer, uint32_t argb) {
    for (size_t i = 0; i + 4 <= buffer.bytes.size(); i += 4)
        std::memcpy(&buffer.bytes[i], &argb, 4);
}

/// A board whose screen is on, 640x480 of one gray, with nothing above.
class FullCard : public ::testing::Test {
  protected:
    explicit FullCard(Config config = full()) : board_(std::move(config)) {}

    void SetUp() override {
        for (const auto& mode : client_.probe(screen_)) {
            if (mode.hdisplay == 640) mode_ = mode;
        }
        fill(gray_, 0xff80'8080);
        ASSERT_EQ(client_.turn_on(crtc_, screen_, mode_, primary_, gray_.fb), 0)
            << client_.reason();
    }
    int test(const std::vector<Setting>& settings) {
        return client_.atomic(settings, DRM_MODE_ATOMIC_TEST_ONLY);
    }
    DumbBuffer colored(uint32_t argb, uint32_t width = 64, uint32_t height = 64) {
        DumbBuffer buffer = client_.make_mapped_buffer(width, height, DRM_FORMAT_ARGB8888, 4);
        fill(buffer, argb);
        return buffer;
    }
    int show(uint32_t plane, const DumbBuffer& buffer, std::vector<Setting> more = {}) {
        auto settings = TestClient::place(plane, crtc_, buffer.fb, {0, 0, 64, 64});
        settings.insert(settings.end(), more.begin(), more.end());
        return client_.atomic(settings, 0);
    }
    /// As 0xrrggbb.
    uint32_t pixel(uint32_t x, uint32_t y) {
        const auto image = screenshot(*board_.drm(), 0);
        EXPECT_TRUE(image.ok());
        if (!image.ok()) return 0;
        const uint8_t* at = &image->rgb[3 * (size_t{y} * image->width + x)];
        return uint32_t{at[0]} << 16 | uint32_t{at[1]} << 8 | at[2];
    }
    std::vector<std::string> names(uint32_t object) {
        std::vector<std::string> names;
        for (const auto& property : client_.properties(object)) names.push_back(property.name);
        return names;
    }
    uint32_t damage(std::vector<drm_mode_rect> clips) {
        return client_.add_blob(clips.data(), clips.size() * sizeof(drm_mode_rect));
    }

    TestBoard board_;
    TestClient client_{*board_.drm()};
    const uint32_t screen_ = client_.connectors[1];
    const uint32_t crtc_ = client_.crtcs[0];
    const uint32_t primary_ = client_.planes[0];
    const uint32_t overlay_ = client_.planes[1];
    const uint32_t upper_ = client_.planes[2];
    const uint32_t cursor_ = client_.planes[3];
    drm_mode_modeinfo mode_{};
    DumbBuffer gray_ = client_.make_mapped_buffer(640, 480, DRM_FORMAT_XRGB8888, 4);
};

TEST(CardFeatures, each_property_is_there_when_its_switch_is_on_and_only_then) {
    struct Case {
        bool Features::*feature;
        size_t object;  // 0..3: planes; 4: the CRTC
        std::vector<std::string> properties;
    };
    const Case cases[] = {{&Features::zpos, 0, {"zpos"}},
                          {&Features::alpha, 1, {"alpha"}},
                          {&Features::blend_mode, 1, {"pixel blend mode"}},
                          {&Features::scaling, 0, {"SCALING_FILTER"}},
                          {&Features::damage_clips, 0, {"FB_DAMAGE_CLIPS"}},
                          {&Features::size_hints, 3, {"SIZE_HINTS"}},
                          {&Features::hotspot, 3, {"HOTSPOT_X", "HOTSPOT_Y"}},
                          {&Features::degamma, 4, {"DEGAMMA_LUT", "DEGAMMA_LUT_SIZE"}},
                          {&Features::ctm, 4, {"CTM"}}};
    for (const Case& each : cases) {
        for (const bool is_on : {false, true}) {
            TestBoard board(latest_with([&](Features& f) { f.*each.feature = is_on; }));
            // By the core: clients are not told of each.
            const drm::ModeConfig& kms = board.drm()->mode_config();
            const drm::ModeObject* object = kms.crtcs[0];
            if (each.object < 4) object = kms.planes[each.object];
            std::vector<std::string> names;
            for (const auto& attached : object->properties())
                names.push_back(attached.property->name());
            for (const std::string& name : each.properties) {
                if (is_on) {
                    EXPECT_THAT(names, Contains(name));
                } else {
                    EXPECT_THAT(names, Not(Contains(name)));
                }
            }
        }
    }
}

TEST_F(FullCard, zpos_begins_with_the_index_and_says_what_is_above) {
    for (size_t i = 0; i < client_.planes.size(); ++i)
        EXPECT_EQ(client_.property(client_.planes[i], "zpos").value, i);
    ASSERT_EQ(show(overlay_, colored(0xffff'0000)), 0) << client_.reason();
    ASSERT_EQ(show(upper_, colored(0xff00'ff00)), 0) << client_.reason();
    EXPECT_EQ(pixel(5, 5), 0x00ff00u);
    ASSERT_EQ(client_.atomic({{overlay_, "zpos", 3}}, 0), 0);
    EXPECT_EQ(pixel(5, 5), 0xff0000u);
    // The same: the one with the lower id is below.
    ASSERT_EQ(client_.atomic({{upper_, "zpos", 3}}, 0), 0);
    EXPECT_EQ(pixel(5, 5), 0x00ff00u);
    // Primaries too.
    ASSERT_EQ(
        client_.atomic({{primary_, "zpos", 3}, {overlay_, "zpos", 0}, {upper_, "zpos", 1}}, 0), 0);
    EXPECT_EQ(pixel(5, 5), 0x808080u);
    EXPECT_EQ(test({{overlay_, "zpos", 4}}), EINVAL);
}

TEST_F(FullCard, alpha_and_blend_mode_change_the_picture) {
    ASSERT_EQ(show(overlay_, colored(0x80ff'0000), {{overlay_, "pixel blend mode", 1}}), 0);
    EXPECT_EQ(pixel(5, 5), 0xc04040u);  // half red, half gray
    ASSERT_EQ(client_.atomic({{overlay_, "pixel blend mode", 2}}, 0), 0);
    EXPECT_EQ(pixel(5, 5), 0xff0000u);
    ASSERT_EQ(client_.atomic({{overlay_, "alpha", 0x8000}}, 0), 0);
    EXPECT_EQ(pixel(5, 5), 0xc04040u);
    ASSERT_EQ(client_.atomic({{overlay_, "alpha", 0}}, 0), 0);
    EXPECT_EQ(pixel(5, 5), 0x808080u);
    EXPECT_EQ(client_.property(overlay_, "alpha").value, 0u);
    EXPECT_EQ(client_.property(primary_, "alpha").value, 0xffffu);
    EXPECT_EQ(test({{overlay_, "alpha", 0x10000}}), EINVAL);
    EXPECT_EQ(test({{overlay_, "pixel blend mode", 3}}), EINVAL);
}

TEST_F(FullCard, planes_scale_from_an_eighth_to_eight_times) {
    const DumbBuffer red = colored(0xffff'0000);
    const auto scale = [&](uint32_t width, uint32_t height) {
        return show(overlay_, red, {{overlay_, "CRTC_W", width}, {overlay_, "CRTC_H", height}});
    };
    EXPECT_EQ(scale(512, 8), 0) << client_.reason();
    EXPECT_EQ(pixel(511, 7), 0xff0000u);
    EXPECT_EQ(pixel(512, 7), 0x808080u);
    EXPECT_EQ(pixel(511, 8), 0x808080u);
    EXPECT_EQ(scale(513, 64), ERANGE);
    EXPECT_THAT(client_.reason(), HasSubstr("1/8 to 8"));
    EXPECT_EQ(scale(64, 7), ERANGE);
    EXPECT_EQ(scale(0, 7), ERANGE);
    EXPECT_EQ(scale(0, 64), 0) << client_.reason();
    EXPECT_EQ(test({{overlay_, "SCALING_FILTER", 1}}), 0);
    EXPECT_EQ(test({{overlay_, "SCALING_FILTER", 2}}), EINVAL);
}

TEST_F(FullCard, filters_mix_or_take_the_nearest) {
    DumbBuffer buffer = colored(0xff00'0000);
    const uint32_t white = 0xffff'ffff;
    for (size_t y = 0; y < 64; ++y) std::memcpy(&buffer.bytes[y * buffer.dumb.pitch], &white, 4);
    const std::vector<Setting> larger = {{overlay_, "CRTC_W", 128}};
    ASSERT_EQ(show(overlay_, buffer, larger), 0) << client_.reason();
    EXPECT_EQ(pixel(0, 9), 0xffffffu);
    EXPECT_EQ(pixel(1, 9), 0xbfbfbfu);
    EXPECT_EQ(pixel(2, 9), 0x404040u);
    EXPECT_EQ(pixel(3, 9), 0x000000u);
    ASSERT_EQ(client_.atomic({{overlay_, "SCALING_FILTER", 1}}, 0), 0);
    EXPECT_EQ(pixel(1, 9), 0xffffffu);
    EXPECT_EQ(pixel(2, 9), 0x000000u);
}

TEST_F(FullCard, colors_go_through_degamma_then_the_matrix_then_gamma) {
    const std::vector<drm_color_lut> inverse = {{0xffff, 0xffff, 0xffff, 0}, {0, 0, 0, 0}};
    drm_color_ctm swap{};  // red gets blue, twice; green and blue nothing
    swap.matrix[2] = uint64_t{2} << 32;
    ASSERT_EQ(show(overlay_, colored(0xff00'ffc0)), 0);
    const auto table = client_.add_blob(inverse.data(), inverse.size() * sizeof(drm_color_lut));
    ASSERT_EQ(client_.atomic({{crtc_, "DEGAMMA_LUT", table},
                              {crtc_, "CTM", client_.add_blob(&swap, sizeof(swap))}},
                             0),
              0)
        << client_.reason();
    EXPECT_EQ(pixel(5, 5), 0x7e0000u);  // (255 - 192) * 2
    ASSERT_EQ(client_.atomic({{crtc_, "GAMMA_LUT", table}}, 0), 0);
    EXPECT_EQ(pixel(5, 5), 0x81ffffu);
}

TEST_F(FullCard, tables_and_matrices_of_another_size_are_refused) {
    const std::vector<drm_color_lut> table(257);
    EXPECT_EQ(test({{crtc_, "DEGAMMA_LUT", client_.add_blob(table.data(), 12)}}), EINVAL);
    EXPECT_EQ(
        test({{crtc_, "DEGAMMA_LUT", client_.add_blob(table.data(), 257 * sizeof(drm_color_lut))}}),
        EINVAL);
    EXPECT_THAT(client_.reason(), HasSubstr("DEGAMMA_LUT_SIZE is 256"));
    EXPECT_EQ(test({{crtc_, "CTM", client_.add_blob(table.data(), 71)}}), EINVAL);
    EXPECT_THAT(client_.reason(), HasSubstr("a matrix has 72"));
}

TEST_F(FullCard, the_legacy_gamma_call_clears_the_other_two) {
    const std::vector<drm_color_lut> table(256);
    const drm_color_ctm matrix{};
    ASSERT_EQ(client_.atomic({{crtc_, "DEGAMMA_LUT", client_.add_blob(table.data(), 2048)},
                              {crtc_, "CTM", client_.add_blob(&matrix, sizeof(matrix))}},
                             0),
              0);
    EXPECT_NE(client_.property(crtc_, "CTM").value, 0u);
    std::vector<uint16_t> ramp(256);
    drm_mode_crtc_lut gamma{};
    gamma.crtc_id = crtc_;
    gamma.gamma_size = 256;
    gamma.red = gamma.green = gamma.blue = reinterpret_cast<uint64_t>(ramp.data());
    ASSERT_EQ(client_.ioctl(DRM_IOCTL_MODE_SETGAMMA, &gamma), 0);
    EXPECT_EQ(client_.property(crtc_, "CTM").value, 0u);
    EXPECT_EQ(client_.property(crtc_, "DEGAMMA_LUT").value, 0u);
    EXPECT_NE(client_.property(crtc_, "GAMMA_LUT").value, 0u);
}

TEST_F(FullCard, damage_lies_within_the_framebuffer_and_counts_once) {
    const auto damaged = [&](std::vector<drm_mode_rect> clips) {
        return test({{primary_, "FB_DAMAGE_CLIPS", damage(std::move(clips))}});
    };
    EXPECT_EQ(damaged({{0, 0, 640, 480}, {5, 6, 7, 8}}), 0) << client_.reason();
    EXPECT_EQ(damaged({{0, 0, 1, 1}, {0, 0, 641, 480}}), EINVAL);
    EXPECT_EQ(damaged({{0, 0, 640, 481}}), EINVAL);
    EXPECT_EQ(damaged({{-1, 0, 5, 5}}), EINVAL);
    EXPECT_EQ(damaged({{0, -1, 5, 5}}), EINVAL);
    EXPECT_EQ(damaged({{5, 0, 5, 5}}), EINVAL);
    EXPECT_EQ(damaged({{0, 6, 5, 5}}), EINVAL);
    EXPECT_THAT(client_.reason(), HasSubstr("FB_DAMAGE_CLIPS: (0,6) to (5,5)"));
    EXPECT_EQ(test({{primary_, "FB_DAMAGE_CLIPS", client_.add_blob(&mode_, 20)}}), EINVAL);
    ASSERT_EQ(client_.atomic({{primary_, "FB_DAMAGE_CLIPS", damage({{0, 0, 9, 9}})}}, 0), 0);
    EXPECT_NE(client_.property(primary_, "FB_DAMAGE_CLIPS").value, 0u);
    ASSERT_EQ(client_.atomic({{primary_, "FB_ID", gray_.fb}}, 0), 0);
    EXPECT_EQ(client_.property(primary_, "FB_DAMAGE_CLIPS").value, 0u);
}

TEST_F(FullCard, a_modeset_drops_damage) {
    ASSERT_EQ(client_.atomic({{crtc_, "ACTIVE", 0}}, DRM_MODE_ATOMIC_ALLOW_MODESET), 0);
    ASSERT_EQ(client_.atomic(
                  {{crtc_, "ACTIVE", 1}, {primary_, "FB_DAMAGE_CLIPS", damage({{0, 0, 9, 9}})}},
                  DRM_MODE_ATOMIC_ALLOW_MODESET),
              0);
    EXPECT_EQ(client_.property(primary_, "FB_DAMAGE_CLIPS").value, 0u);
}

TEST_F(FullCard, DIRTYFB_is_a_commit_with_damage_of_the_planes_that_show_it) {
    drm_clip_rect clips[] = {{1, 2, 30, 40}, {0, 0, 700, 1}};
    drm_mode_fb_dirty_cmd dirty{};
    dirty.fb_id = gray_.fb;
    dirty.num_clips = 1;
    dirty.clips_ptr = reinterpret_cast<uint64_t>(clips);
    ASSERT_EQ(client_.ioctl(DRM_IOCTL_MODE_DIRTYFB, &dirty), 0) << client_.reason();
    const auto bytes = client_.blob(client_.property(primary_, "FB_DAMAGE_CLIPS").value);
    drm_mode_rect clip{};
    ASSERT_EQ(bytes.size(), sizeof(clip));
    std::memcpy(&clip, bytes.data(), sizeof(clip));
    EXPECT_EQ(clip.x1, 1);
    EXPECT_EQ(clip.y2, 40);
    EXPECT_EQ(client_.property(overlay_, "FB_DAMAGE_CLIPS").value, 0u);
    dirty.num_clips = 2;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_DIRTYFB, &dirty), EINVAL);
    dirty.flags = DRM_MODE_FB_DIRTY_ANNOTATE_COPY;  // the second is where the copy came from
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_DIRTYFB, &dirty), 0) << client_.reason();
    dirty.flags = 0;
    dirty.num_clips = 0;
    dirty.clips_ptr = 0;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_DIRTYFB, &dirty), 0);
    dirty.fb_id = colored(0).fb;  // shown nowhere
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_DIRTYFB, &dirty), 0);
    board_.unplug();
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_DIRTYFB, &dirty), ENODEV);
}

TEST_F(FullCard, cursors_hint_at_their_sizes) {
    const auto bytes = client_.blob(client_.property(cursor_, "SIZE_HINTS").value);
    std::vector<drm_plane_size_hint> hints(bytes.size() / sizeof(drm_plane_size_hint));
    std::memcpy(hints.data(), bytes.data(), bytes.size());
    std::vector<uint16_t> widths;
    for (const auto& hint : hints) {
        EXPECT_EQ(hint.width, hint.height);
        widths.push_back(hint.width);
    }
    EXPECT_THAT(widths, ::testing::ElementsAre(64, 128, 256, 512));
    EXPECT_THAT(names(overlay_), Not(Contains("SIZE_HINTS")));
}

size_t plane_count(tests::Client& client) {
    drm_mode_get_plane_res all{};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPLANERESOURCES, &all), 0);
    return all.count_planes;
}

TEST(HotspotCard, atomic_clients_are_told_of_cursors_once_they_say_that_they_set_hot_spots) {
    TestBoard board(latest_with([](Features& f) { f.hotspot = true; }));
    const auto drm = board.drm();
    tests::Client client(*drm);
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_CURSOR_PLANE_HOTSPOT), EINVAL);
    EXPECT_THAT(client.reason(), HasSubstr("needs the atomic cap"));
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_UNIVERSAL_PLANES), 0);
    EXPECT_EQ(plane_count(client), 4u);
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_ATOMIC), 0);
    EXPECT_EQ(plane_count(client), 3u);
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_CURSOR_PLANE_HOTSPOT, 2), EINVAL);
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_CURSOR_PLANE_HOTSPOT), 0);
    EXPECT_EQ(plane_count(client), 4u);
}

TEST(HotspotCard, the_legacy_cursor_call_sets_it) {
    TestBoard board(latest_with([](Features& f) { f.hotspot = true; }));
    TestClient client(*board.drm());
    const uint32_t cursor = raw(board.drm()->mode_config().planes[3]->id());
    drm_mode_cursor2 set{};
    set.flags = DRM_MODE_CURSOR_BO;
    set.crtc_id = client.crtcs[0];
    set.width = set.height = 64;
    set.handle = client.make_buffer(64, 64);
    set.hot_x = 7;
    set.hot_y = -2;
    ASSERT_EQ(client.ioctl(DRM_IOCTL_MODE_CURSOR2, &set), 0) << client.reason();
    EXPECT_EQ(client.property(cursor, "HOTSPOT_X").value, 7u);
    EXPECT_EQ(static_cast<int64_t>(client.property(cursor, "HOTSPOT_Y").value), -2);
    EXPECT_EQ(client.atomic({{cursor, "HOTSPOT_X", 9}}, 0), 0) << client.reason();
    EXPECT_EQ(client.property(cursor, "HOTSPOT_X").value, 9u);
}

// ---- clones

TEST(CloneCard, one_CRTC_shows_on_two_screens) {
    Config config = full();
    config.screens = {ScreenConfig{}, ScreenConfig{}};
    TestBoard board(config);
    TestClient client(*board.drm());
    // After the writeback connectors, of which there is one for each CRTC.
    const std::vector<uint32_t> screens(client.connectors.begin() + 2, client.connectors.end());
    ASSERT_EQ(screens.size(), 2u);
    for (const uint32_t encoder : client.encoders) {
        drm_mode_get_encoder get{};
        get.encoder_id = encoder;
        ASSERT_EQ(client.ioctl(DRM_IOCTL_MODE_GETENCODER, &get), 0);
        EXPECT_EQ(get.possible_clones, (1u << client.encoders.size()) - 1);
    }
    const drm_mode_modeinfo mode = client.probe(screens[0]).front();
    const uint32_t fb =
        client.make_mapped_buffer(mode.hdisplay, mode.vdisplay, DRM_FORMAT_XRGB8888, 4).fb;
    const uint32_t crtc = client.crtcs[0];
    ASSERT_EQ(client.turn_on(crtc, screens[0], mode, client.planes[0], fb), 0);
    EXPECT_EQ(client.atomic({{screens[1], "CRTC_ID", crtc}}, DRM_MODE_ATOMIC_ALLOW_MODESET), 0)
        << client.reason();
    EXPECT_EQ(client.property(screens[1], "CRTC_ID").value, crtc);
}

// ---- what some drivers lack

TEST(LackingCard, without_atomic_neither_the_cap_nor_the_call) {
    TestBoard board(latest_with([](Features& f) { f.atomic = false; }));
    const auto drm = board.drm();
    tests::Client client(*drm);
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_ATOMIC), EOPNOTSUPP);
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_UNIVERSAL_PLANES), 0);
    drm_mode_atomic request{};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ATOMIC, &request), EOPNOTSUPP);
    EXPECT_THAT(client.reason(), HasSubstr("not atomic"));
}

TEST(LackingCard, without_universal_planes_clients_know_overlays_only) {
    TestBoard board(latest_with([](Features& f) { f.universal_planes = false; }));
    const auto drm = board.drm();
    tests::Client client(*drm);
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_UNIVERSAL_PLANES), EINVAL);
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_ATOMIC), EOPNOTSUPP);
    EXPECT_EQ(plane_count(client), 2u);
}

TEST(LackingCard, without_prime_no_buffer_goes_or_comes) {
    TestBoard board(latest_with([](Features& f) { f.prime = false; }));
    const auto drm = board.drm();
    tests::Client client(*drm);
    drm_get_cap cap{.capability = DRM_CAP_PRIME, .value = 9};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_CAP, cap), 0);
    EXPECT_EQ(cap.value, 0u);
    drm_prime_handle share{.handle = client.make_buffer(), .flags = 0, .fd = -1};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_PRIME_HANDLE_TO_FD, share), ENOSYS);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_PRIME_FD_TO_HANDLE, share), ENOSYS);
    EXPECT_THAT(client.reason(), HasSubstr("shares no buffers"));
}

TEST(LackingCard, without_modifiers_no_list_and_no_flag) {
    TestBoard board(latest_with([](Features& f) { f.modifiers = false; }));
    TestClient client(*board.drm());
    drm_get_cap cap{.capability = DRM_CAP_ADDFB2_MODIFIERS, .value = 9};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_CAP, &cap), 0);
    EXPECT_EQ(cap.value, 0u);
    for (const auto& property : client.properties(client.planes[0]))
        EXPECT_NE(property.name, "IN_FORMATS");
    drm_mode_fb_cmd2 fb = client.good_fb(64, 64);
    fb.flags = DRM_MODE_FB_MODIFIERS;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB2, &fb), EINVAL);
    fb.flags = 0;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB2, &fb), 0);
}

TEST(LackingCard, without_vblanks_flips_are_done_at_once_and_nobody_can_wait) {
    FakeClock clock;
    Config config = latest_with([](Features& f) { f.vblank = false; });
    TestBoard board(config, clock);
    TestClient client(*board.drm());
    const uint32_t screen = client.connectors[1];
    const drm_mode_modeinfo mode = client.probe(screen).front();
    const uint32_t fb =
        client.make_mapped_buffer(mode.hdisplay, mode.vdisplay, DRM_FORMAT_XRGB8888, 4).fb;
    ASSERT_EQ(client.turn_on(client.crtcs[0], screen, mode, client.planes[0], fb), 0);
    EXPECT_EQ(client.atomic({{client.planes[0], "FB_ID", fb}}, DRM_MODE_PAGE_FLIP_EVENT), 0);
    ASSERT_EQ(client.events().unread() != 0, true);
    drm_wait_vblank_t wait{};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_WAIT_VBLANK, &wait), EOPNOTSUPP);
    drm_crtc_get_sequence get{};
    get.crtc_id = client.crtcs[0];
    EXPECT_EQ(client.ioctl(DRM_IOCTL_CRTC_GET_SEQUENCE, &get), EOPNOTSUPP);
}

}  // namespace
}  // namespace plugboard::vkms
