#include "drivers/vkms/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plugboard::vkms {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

MATCHER_P(HasKey, key, "") {
    return arg.key == key && !arg.message.empty() && !arg.remedy.empty();
}

TEST(Config, default_is_good) {
    EXPECT_THAT(validate({}), IsEmpty());
}

TEST(Config, eight_overlays_are_good) {
    Config config;
    config.overlays = 8;
    EXPECT_THAT(validate(config), IsEmpty());
}

TEST(Config, other_numbers_of_overlays_are_refused) {
    Config config;
    config.overlays = 3;
    EXPECT_THAT(validate(config), ElementsAre(HasKey("overlays")));
}

TEST(Config, each_screen_has_a_crtc) {
    Config config;
    config.screens.resize(2);
    EXPECT_EQ(layout_of(config).crtcs.size(), 2U);
    EXPECT_THAT(validate(config), IsEmpty());
}

TEST(Config, crtcs_may_be_more_than_screens) {
    Config config;
    config.crtcs = 2;
    EXPECT_EQ(layout_of(config).crtcs.size(), 2U);
    EXPECT_THAT(validate(config), IsEmpty());
}

TEST(Config, a_device_without_screens_or_crtcs_is_refused) {
    Config config;
    config.screens.clear();
    EXPECT_THAT(validate(config), ElementsAre(HasKey("screens")));
}

TEST(Config, no_crtcs_at_all_are_refused) {
    Config config;
    config.crtcs = 0;
    EXPECT_THAT(validate(config), ElementsAre(HasKey("crtcs")));
}

TEST(Config, more_planes_than_bits_are_refused) {
    Config config;
    config.crtcs = 16;
    config.writeback = false;
    EXPECT_THAT(validate(config), ElementsAre(HasKey("crtcs")));
}

TEST(Config, more_encoders_than_bits_are_refused) {
    Config config;
    config.screens.resize(31);
    config.crtcs = 1;
    EXPECT_THAT(validate(config), ElementsAre(HasKey("screens")));
}

TEST(Config, modes_without_timings_name_their_screen) {
    Config config;
    config.screens = {{}, {.mode = ScreenMode{.width = 0, .height = 600}}};
    EXPECT_THAT(validate(config), ElementsAre(HasKey("screens[1].mode")));
}

TEST(Config, modes_beyond_the_limits_are_refused) {
    Config config;
    config.screens = {{.mode = ScreenMode{.width = 8200, .height = 600, .refresh_hz = 10}},
                      {.mode = ScreenMode{.width = 16, .height = 600}}};
    EXPECT_THAT(validate(config),
                ElementsAre(HasKey("screens[0].mode"), HasKey("screens[1].mode")));
}

TEST(Config, names_that_are_no_file_names_are_refused) {
    Config config;
    config.name = "a/b";
    EXPECT_THAT(validate(config), ElementsAre(HasKey("name")));
}

TEST(Config, bad_links_are_of_a_connector_of_the_card) {
    Config config;
    config.screens = {{.connector = {.type = DRM_MODE_CONNECTOR_DisplayPort}},
                      {.connector = {.type = DRM_MODE_CONNECTOR_DisplayPort,
                                     .dock = DockPort{.parent_type = DRM_MODE_CONNECTOR_DisplayPort,
                                                      .parent_number = 1,
                                                      .port = "8"}}}};
    for (const char* name : {"DP-1", "DP-2"}) {
        config.faults = {{.what = drm::BadLink{.connector = name}}};
        EXPECT_THAT(validate(config), IsEmpty()) << name;
    }
    config.faults.push_back({.what = drm::BadLink{.connector = "DP-9"}});
    EXPECT_THAT(validate(config), ElementsAre(HasKey("fault[1].link")));
}

TEST(Config, profiles_are_found_by_name) {
    EXPECT_EQ(find_profile("linux-6.1"), Profile::Linux61);
    EXPECT_EQ(find_profile("linux-5.4"), std::nullopt);
}

TEST(Config, a_fault_of_every_0th_event_is_refused) {
    Config config;
    config.faults = {{.trigger = {}, .what = drm::LostVblank{}},
                     {.trigger = {.every = 0}, .what = drm::LostVblank{}}};
    EXPECT_THAT(validate(config), ElementsAre(HasKey("fault[1].every")));
}

TEST(Config, sizes_whose_least_is_above_the_most_are_refused) {
    Config config;
    config.sizes = {.min_width = 64, .max_width = 63};
    EXPECT_THAT(validate(config), ElementsAre(HasKey("sizes.min_width")));
    config.sizes = {.min_height = 9000};  // more than the profile's
    EXPECT_THAT(validate(config), ElementsAre(HasKey("sizes.min_height")));
    config.sizes = {.min_width = 64, .max_width = 64, .min_height = 9000, .max_height = 9001};
    EXPECT_THAT(validate(config), IsEmpty());
}

TEST(Config, cursors_that_SIZE_HINTS_cannot_say_are_refused) {
    Config config = with_profile(Profile::Full);
    config.sizes = {.cursor_width = 65535, .cursor_height = 65535};
    EXPECT_THAT(validate(config), IsEmpty());
    config.sizes = {.cursor_width = 65536, .cursor_height = 1U << 31};
    EXPECT_THAT(validate(config),
                ElementsAre(HasKey("sizes.cursor_width"), HasKey("sizes.cursor_height")));
}

TEST(Config, a_mode_is_within_the_cards_own_sizes) {
    Config config;
    config.sizes = {.min_width = 640, .max_width = 10240};
    config.screens = {{.mode = ScreenMode{.width = 10240, .height = 4320, .refresh_hz = 30}}};
    EXPECT_THAT(validate(config), IsEmpty());
    config.screens = {{.mode = ScreenMode{.width = 320, .height = 240}}};
    EXPECT_THAT(validate(config), ElementsAre(HasKey("screens[0].mode")));
}

}  // namespace
}  // namespace plugboard::vkms
