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
    EXPECT_THAT(validate(config), ElementsAre(HasKey("fault[1]")));
}

TEST(Config, profiles_are_found_by_name) {
    EXPECT_EQ(find_profile("linux-6.1"), Profile::Linux61);
    EXPECT_EQ(find_profile("linux-5.4"), std::nullopt);
}

}  // namespace
}  // namespace plugboard::vkms
