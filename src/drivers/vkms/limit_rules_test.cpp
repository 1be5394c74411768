// Each limit accepts what is just within it, and refuses what is just beyond, by its name and
// numbers.
#include "drivers/vkms/limit_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drivers/vkms/test_board.h"
#include "drm/atomic/state.h"
#include "drm/objects/mode_config.h"
#include "uapi/in_process_memory.h"

namespace plugboard::vkms {
namespace {

using ::testing::HasSubstr;

constexpr uint32_t test_only = DRM_MODE_ATOMIC_TEST_ONLY | DRM_MODE_ATOMIC_ALLOW_MODESET;

/// A card of two screens with these rules; the first shows 640x480 of XR24.
class LimitedCard {
  public:
    explicit LimitedCard(std::vector<LimitRule> rules, bool scales = false)
        : board_(config(std::move(rules), scales)), client(*board_.drm()) {
        for (const uint32_t plane : client.planes) {
            const auto type = static_cast<drm::PlaneType>(client.property(plane, "type").value);
            if (type == drm::PlaneType::Primary) primaries.push_back(plane);
            if (type == drm::PlaneType::Overlay) overlays.push_back(plane);
            if (type == drm::PlaneType::Cursor) cursors.push_back(plane);
        }
        for (const auto& found : client.probe(client.connectors[0])) {
            if (found.hdisplay == 640) mode = found;
        }
        fb = client.make_mapped_buffer(640, 480, DRM_FORMAT_XRGB8888, 4).fb;
    }

    int light(size_t screen = 0) {
        return client.turn_on(client.crtcs[screen], client.connectors[screen], mode,
                              primaries[screen], fb);
    }
    /// 0 or the errno of these planes on the first CRTC.
    int test(const std::vector<std::pair<uint32_t, drm::Rect>>& planes,
             std::vector<Setting> settings = {}, uint32_t of = 0) {
        for (const auto& [plane, place] : planes) {
            const auto more = TestClient::place(plane, client.crtcs[0], of != 0 ? of : fb, place);
            settings.insert(settings.end(), more.begin(), more.end());
        }
        return client.atomic(settings, test_only);
    }
    drm::Device& drm() { return *board_.drm(); }
    void unplug() { board_.unplug(); }

  private:
    static Config config(std::vector<LimitRule> rules, bool scales) {
        Config config{.profile = Profile::LinuxLatest, .overlays = 8, .writeback = false};
        config.screens = {ScreenConfig{}, ScreenConfig{}};
        config.limit_rules = std::move(rules);
        config.features.scaling = scales;
        return config;
    }
    TestBoard board_;

  public:
    TestClient client;
    std::vector<uint32_t> primaries, overlays, cursors;
    drm_mode_modeinfo mode{};
    uint32_t fb = 0;
};

constexpr drm::Rect small{.x = 8, .y = 8, .width = 64, .height = 64};
constexpr PlaneKinds overlay_kind = kind_bit(drm::PlaneType::Overlay);
constexpr PlaneKinds cursor_kind = kind_bit(drm::PlaneType::Cursor);

TEST(LimitRules, so_many_planes_of_a_crtc_and_no_more) {
    LimitedCard card({{.what = MaxPlanes{.count = 2}}});
    ASSERT_EQ(card.light(), 0) << card.client.reason();
    EXPECT_EQ(card.test({{card.overlays[0], small}}), 0);
    EXPECT_EQ(card.test({{card.overlays[0], small}, {card.overlays[1], small}}), EINVAL);
    EXPECT_EQ(card.client.reason(), "limit \"planes = 2, per = crtc\": crtc-0 has 3 planes on");
    EXPECT_EQ(card.light(1), 0) << "the other CRTC has its own";
}

TEST(LimitRules, planes_that_stay_as_they_are_count) {
    LimitedCard card({{.what = MaxPlanes{.count = 2}}});
    ASSERT_EQ(card.light(), 0);
    ASSERT_EQ(card.client.atomic(
                  TestClient::place(card.overlays[0], card.client.crtcs[0], card.fb, small), 0),
              0);
    EXPECT_EQ(card.test({{card.overlays[1], small}}), EINVAL);
    EXPECT_EQ(card.test({{card.overlays[1], small}},
                        {{card.overlays[0], "FB_ID", 0}, {card.overlays[0], "CRTC_ID", 0}}),
              0)
        << card.client.reason();
}

TEST(LimitRules, so_many_planes_of_the_card) {
    LimitedCard card({{.what = MaxPlanes{.count = 2, .per = Per::Card}, .error = Errno::NoSpc}});
    ASSERT_EQ(card.light(0), 0);
    ASSERT_EQ(card.light(1), 0);
    EXPECT_EQ(card.test({{card.overlays[0], small}}), ENOSPC) << "the errno is the rule's";
    EXPECT_EQ(card.client.reason(), "limit \"planes = 2, per = card\": card0 has 3 planes on");
}

TEST(LimitRules, planes_of_other_kinds_do_not_count) {
    LimitedCard card({{.what = MaxPlanes{.count = 1}, .kinds = overlay_kind}});
    ASSERT_EQ(card.light(), 0);
    EXPECT_EQ(card.test({{card.overlays[0], small}, {card.cursors[0], small}}), 0);
    EXPECT_EQ(card.test({{card.overlays[0], small}, {card.overlays[1], small}}), EINVAL);
    EXPECT_THAT(card.client.reason(), HasSubstr("plane = overlay\": crtc-0 has 2 planes on"));
}

TEST(LimitRules, that_need_a_framebuffer_turn_the_CRTC_off_with_it_by_EINVAL_alone) {
    for (const Errno error : {Errno::Inval, Errno::Range}) {
        LimitedCard card({{.what = Beside{}, .kinds = overlay_kind, .error = error}});
        ASSERT_EQ(card.light(), 0);
        const uint32_t other = card.client.make_mapped_buffer(64, 64, DRM_FORMAT_XRGB8888, 4).fb;
        ASSERT_EQ(card.client.atomic(
                      TestClient::place(card.overlays[0], card.client.crtcs[0], other, small), 0),
                  0)
            << card.client.reason();
        EXPECT_EQ(card.client.ioctl(DRM_IOCTL_MODE_RMFB, &card.fb), 0);
        EXPECT_EQ(card.client.property(card.client.crtcs[0], "ACTIVE").value,
                  error == Errno::Inval ? 0u : 1u);
    }
}

TEST(LimitRules, so_many_crtcs_and_one_that_sleeps_is_one) {
    LimitedCard card({{.what = MaxCrtcs{.count = 1}}});
    ASSERT_EQ(card.light(0), 0);
    EXPECT_EQ(card.light(1), EINVAL);
    EXPECT_EQ(card.client.reason(), "limit \"crtcs = 1\": 2 CRTCs have a mode");
    ASSERT_EQ(
        card.client.atomic({{card.client.crtcs[0], "ACTIVE", 0}}, DRM_MODE_ATOMIC_ALLOW_MODESET),
        0);
    EXPECT_EQ(card.light(1), EINVAL);
    ASSERT_EQ(
        card.client.turn_off(card.client.crtcs[0], card.client.connectors[0], card.primaries[0]),
        0);
    EXPECT_EQ(card.light(1), 0) << card.client.reason();
}

TEST(LimitRules, a_bandwidth_is_that_of_all_planes_at_the_rate_of_their_mode) {
    constexpr uint64_t of_primary = 73'654'866;  // 640 * 480 * 4 bytes, 59.94 times a second
    LimitedCard enough({{.what = MaxBandwidth{.bytes_per_second = of_primary + 1000}}});
    EXPECT_EQ(enough.light(), 0) << enough.client.reason();
    EXPECT_EQ(enough.test({{enough.overlays[0], small}}), EINVAL);
    EXPECT_EQ(enough.client.reason(),
              "limit \"bandwidth = 73.655866 MB/s, per = card\": card0 reads 74.6 MB/s");
    EXPECT_EQ(enough.light(1), EINVAL) << "other CRTCs count";
    LimitedCard short_of_it({{.what = MaxBandwidth{.bytes_per_second = of_primary - 1000}}});
    EXPECT_EQ(short_of_it.light(), EINVAL);
    LimitedCard each(
        {{.what = MaxBandwidth{.bytes_per_second = of_primary + 1000, .per = Per::Crtc}}});
    EXPECT_EQ(each.light(0), 0);
    EXPECT_EQ(each.light(1), 0);
}

TEST(LimitRules, a_format_is_for_the_planes_that_are_named) {
    LimitedCard card({{.what = FormatOn{.fourcc = DRM_FORMAT_ARGB8888, .kinds = overlay_kind}}});
    ASSERT_EQ(card.light(), 0);
    const uint32_t argb = card.client.make_mapped_buffer(640, 480, DRM_FORMAT_ARGB8888, 4).fb;
    EXPECT_EQ(card.test({{card.overlays[0], small}}, {}, argb), 0) << card.client.reason();
    EXPECT_EQ(card.test({{card.cursors[0], small}}, {}, argb), EINVAL);
    EXPECT_EQ(card.client.reason(),
              "limit \"format = AR24, only_on = overlay\": plane-10, of kind cursor, shows it");
    EXPECT_EQ(card.test({{card.cursors[0], small}}), 0) << "other formats are free";
}

TEST(LimitRules, rotations_are_those_that_are_listed) {
    LimitedCard card({{.what = Rotations{.allowed = DRM_MODE_ROTATE_0 | DRM_MODE_ROTATE_180}}});
    ASSERT_EQ(card.light(), 0);
    const uint32_t overlay = card.overlays[0];
    EXPECT_EQ(card.test({{overlay, small}}, {{overlay, "rotation", DRM_MODE_ROTATE_180}}), 0);
    EXPECT_EQ(card.test({{overlay, small}}, {{overlay, "rotation", DRM_MODE_ROTATE_90}}), EINVAL);
    EXPECT_THAT(card.client.reason(),
                HasSubstr("rotation = rotate-0, rotate-180\": plane-2 has rotate-90"));
    EXPECT_EQ(card.test({{overlay, small}},
                        {{overlay, "rotation", DRM_MODE_ROTATE_0 | DRM_MODE_REFLECT_X}}),
              EINVAL);
}

TEST(LimitRules, a_plane_has_a_largest_size) {
    LimitedCard card({{.what = MaxSize{.size = {64, 32}}, .kinds = overlay_kind}});
    ASSERT_EQ(card.light(), 0) << "the primary is not meant";
    EXPECT_EQ(card.test({{card.overlays[0], {0, 0, 64, 32}}}), 0);
    EXPECT_EQ(card.test({{card.overlays[0], {0, 0, 65, 32}}}), EINVAL);
    EXPECT_THAT(card.client.reason(),
                HasSubstr("size = 64x32, plane = overlay\": plane-2 is 65x32"));
    EXPECT_EQ(card.test({{card.overlays[0], {0, 0, 64, 33}}}), EINVAL);
}

TEST(LimitRules, what_a_plane_reads_has_a_largest_size) {
    LimitedCard card({{.what = MaxSourceSize{.size = {640, 480}}}});
    EXPECT_EQ(card.light(), 0);
    LimitedCard smaller({{.what = MaxSourceSize{.size = {639, 480}}}});
    EXPECT_EQ(smaller.light(), EINVAL);
    EXPECT_EQ(smaller.client.reason(),
              "limit \"source_size = 639x480\": plane-0 reads 640x480 of its framebuffer");
}

TEST(LimitRules, positions_and_sizes_are_multiples) {
    LimitedCard card({{.what = MultipleOf{.pixels = 4}}});
    ASSERT_EQ(card.light(), 0);
    const uint32_t overlay = card.overlays[0];
    EXPECT_EQ(card.test({{overlay, {-4, 8, 64, 12}}}), 0) << card.client.reason();
    for (const drm::Rect& off : {drm::Rect{1, 8, 64, 12}, drm::Rect{-4, 6, 64, 12},
                                 drm::Rect{-4, 8, 62, 12}, drm::Rect{-4, 8, 64, 13}})
        EXPECT_EQ(card.test({{overlay, off}}), EINVAL);
    EXPECT_EQ(card.client.reason(), "limit \"multiple = 4\": plane-2 is at 64x13-4+8");
}

TEST(LimitRules, overlays_stay_inside_the_screen) {
    LimitedCard card({{.what = Inside{}, .kinds = overlay_kind}});
    ASSERT_EQ(card.light(), 0);
    EXPECT_EQ(card.test({{card.overlays[0], {0, 0, 640, 480}}}), 0);
    EXPECT_EQ(card.test({{card.overlays[0], {576, 416, 64, 64}}}), 0);
    EXPECT_EQ(card.test({{card.overlays[0], {577, 416, 64, 64}}}), EINVAL);
    EXPECT_EQ(card.client.reason(),
              "limit \"inside = true, plane = overlay\": plane-2 is at 64x64+577+416 of 640x480");
    EXPECT_EQ(card.test({{card.overlays[0], {0, -1, 64, 64}}}), EINVAL);
    EXPECT_EQ(card.test({{card.cursors[0], {600, 0, 64, 64}}}), 0) << "a cursor may";
}

TEST(LimitRules, a_cursor_needs_a_primary_beside_it) {
    LimitedCard card({{.what = Beside{}, .kinds = cursor_kind}});
    ASSERT_EQ(card.light(), 0);
    const std::vector<Setting> no_primary = {{card.primaries[0], "FB_ID", 0},
                                             {card.primaries[0], "CRTC_ID", 0}};
    EXPECT_EQ(card.test({{card.cursors[0], small}}), 0);
    EXPECT_EQ(card.test({{card.cursors[0], small}}, no_primary), EINVAL);
    EXPECT_EQ(card.client.reason(),
              "limit \"beside = primary, plane = cursor\": plane-10 is on without a primary plane");
    EXPECT_EQ(card.test({{card.overlays[0], small}}, no_primary), 0) << card.client.reason();
}

TEST(LimitRules, the_first_that_is_broken_gives_the_reason) {
    LimitedCard card({{.what = MaxSize{.size = {64, 64}}, .kinds = overlay_kind},
                      {.what = MaxPlanes{.count = 1}, .error = Errno::Range}});
    ASSERT_EQ(card.light(), 0);
    EXPECT_EQ(card.test({{card.overlays[0], {0, 0, 65, 64}}}), EINVAL);
    EXPECT_EQ(card.test({{card.overlays[0], small}}), ERANGE);
}

TEST(LimitRules, a_card_that_is_gone_says_so_first) {
    LimitedCard card({{.what = MaxCrtcs{.count = 1}}});
    const auto modeset = [&] {
        drm_mode_crtc set{};
        return card.client.ioctl(DRM_IOCTL_MODE_SETCRTC, &set);
    };
    EXPECT_EQ(modeset(), ENOENT);
    card.unplug();
    EXPECT_EQ(modeset(), ENODEV);
}

/// The answer of one rule to a plane that shows a part of its picture in another size.
struct Scaled {
    int error = 0;
    std::string reason;
};
Scaled scale(const LimitRule& rule, uint32_t width, drm::Rect place, uint32_t rotation) {
    LimitedCard card({});
    EXPECT_EQ(card.light(), 0);
    uapi::InProcessMemory memory;
    ThreadSleeper sleeper(Clock::real());
    drm::Request request(memory, sleeper, {});
    request.keep_reasons();
    drm::ModeConfig& config = card.drm().mode_config();
    const auto recipe = [&](drm::atomic::State& state) -> Result<void> {
        drm::PlaneState& plane = state.plane(*config.planes[0]);
        plane.source = drm::FixedRect::from_pixels(0, 0, width, 100);
        plane.destination = place;
        plane.rotation.bits = rotation;
        return {};
    };
    const auto state = drm::atomic::State::create(card.drm(), &request, {}, recipe);
    Result<void> done;
    {
        MutexLock lock(config.lock());
        EXPECT_TRUE(state->fill().ok());
        done = check_limits(std::vector{rule}, *state);
    }
    return {done.ok() ? 0 : static_cast<int>(done.error()), request.reason()};
}

TEST(LimitRules, scaling_up_has_a_limit_for_each_side) {
    const LimitRule twice{.what = MaxUpscale{.factor = 2}};
    EXPECT_EQ(scale(twice, 100, {0, 0, 200, 200}, DRM_MODE_ROTATE_0).error, 0);
    const Scaled wide = scale(twice, 100, {0, 0, 201, 200}, DRM_MODE_ROTATE_0);
    EXPECT_EQ(wide.error, EINVAL);
    EXPECT_EQ(wide.reason, "limit \"upscale = 2\": plane-0 scales 100x100 to 201x200");
    EXPECT_EQ(scale(twice, 100, {0, 0, 200, 201}, DRM_MODE_ROTATE_0).error, EINVAL);
}

TEST(LimitRules, of_scaling_hold_within_what_the_card_can) {
    LimitedCard card({{.what = MaxUpscale{.factor = 2}}}, true);
    ASSERT_EQ(card.light(), 0) << card.client.reason();
    const auto widen = [&](uint32_t width) {
        auto settings = TestClient::place(card.overlays[0], card.client.crtcs[0], card.fb, small);
        settings.push_back({card.overlays[0], "CRTC_W", width});
        return card.client.atomic(settings, test_only);
    };
    EXPECT_EQ(widen(128), 0) << card.client.reason();
    EXPECT_EQ(widen(129), EINVAL);
    EXPECT_THAT(card.client.reason(), HasSubstr("scales 64x64 to 129x64"));
    EXPECT_EQ(widen(513), ERANGE) << "what it cannot do at all, first";
}

TEST(LimitRules, scaling_down_has_a_limit_and_a_turned_plane_has_its_sides_swapped) {
    const LimitRule half{.what = MaxDownscale{.factor = 2}, .error = Errno::Range};
    EXPECT_EQ(scale(half, 300, {0, 0, 150, 100}, DRM_MODE_ROTATE_0).error, 0);
    EXPECT_EQ(scale(half, 300, {0, 0, 149, 100}, DRM_MODE_ROTATE_0).error, ERANGE);
    EXPECT_EQ(scale(half, 300, {0, 0, 100, 150}, DRM_MODE_ROTATE_90).error, 0);
    const Scaled turned = scale(half, 300, {0, 0, 100, 149}, DRM_MODE_ROTATE_90);
    EXPECT_EQ(turned.error, ERANGE);
    EXPECT_EQ(turned.reason, "limit \"downscale = 2\": plane-0 scales 100x300 to 100x149");
}

TEST(LimitRules, that_no_card_could_have_are_explained) {
    const auto is_bad = [](const LimitRule& rule) {
        const auto bad = explain_bad_limit(rule);
        return bad && !bad->message.empty() && !bad->remedy.empty();
    };
    EXPECT_TRUE(is_bad({.what = MaxPlanes{}}));
    EXPECT_TRUE(is_bad({.what = MaxCrtcs{}}));
    EXPECT_TRUE(is_bad({.what = MaxUpscale{.factor = 0.5}}));
    EXPECT_TRUE(is_bad({.what = MaxDownscale{.factor = 1e9}}));
    EXPECT_TRUE(is_bad({.what = MaxBandwidth{}}));
    EXPECT_TRUE(is_bad({.what = FormatOn{.fourcc = 1, .kinds = 1}}));
    EXPECT_TRUE(is_bad({.what = Rotations{.allowed = DRM_MODE_REFLECT_X}}));
    EXPECT_TRUE(is_bad({.what = MaxSize{.size = {0, 5}}}));
    EXPECT_TRUE(is_bad({.what = MaxSourceSize{}}));
    EXPECT_TRUE(is_bad({.what = MultipleOf{.pixels = 0}}));
    EXPECT_FALSE(is_bad({.what = Inside{}}));
    EXPECT_FALSE(is_bad({.what = Beside{}}));
    Config config;
    config.limit_rules = {{.what = Inside{}}, {.what = MaxPlanes{}}};
    config.faults = {{.trigger = {}, .what = drm::LostVblank{.crtc = 1}}};
    const auto errors = validate(config);
    ASSERT_EQ(errors.size(), 2u);
    EXPECT_EQ(errors[0].key, "limit[1].planes");
    EXPECT_EQ(errors[1].key, "fault[0].crtc");
    EXPECT_EQ(errors[1].message, "there is no CRTC 1");
}

}  // namespace
}  // namespace plugboard::vkms
