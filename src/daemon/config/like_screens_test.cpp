// `-s` at a card with a layout: what is at its connectors.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daemon/config/like.h"
#include "daemon/config/screen_spec.h"
#include "tests/support/like_files.h"

namespace plugboard::daemon {
namespace {

CardConfig parsed_like(const std::string& name) {
    return parse_likeness(tests::text_of_like(name), name).value();
}

Outcome<Config> laptop_with_screens(const std::vector<std::string>& texts) {
    std::vector<ScreenOption> options;
    for (const std::string& text : texts) options.push_back(parse_screen_option(text).value());
    return apply_screens(board_of(parsed_like("laptop")), options);
}

TEST(LikeScreens, a_screen_option_replaces_the_screen_at_its_connector) {
    const auto with = laptop_with_screens({"DP-2=gaming", "eDP-1=none"});
    ASSERT_TRUE(with.ok()) << with.problem().headline();
    const vkms::Config device = with.value().cards[0].device, before = parsed_like("laptop").device;
    ASSERT_EQ(device.screens.size(), before.screens.size());
    const auto connectors = vkms::numbered_connectors(device);
    EXPECT_EQ(connectors, vkms::numbered_connectors(before));
    for (size_t i = 0; i < connectors.size(); ++i) {
        const std::string name = vkms::connector_name(connectors[i]);
        const vkms::ScreenConfig& screen = device.screens[i];
        if (name == "eDP-1") {
            EXPECT_FALSE(screen.connected);
        } else if (name == "DP-2") {
            EXPECT_TRUE(screen.connected && !screen.edid.empty());
        } else {
            vkms::ScreenConfig same = before.screens[i];
            same.connector = connectors[i];
            EXPECT_EQ(screen, same) << name;
        }
    }
}

TEST(LikeScreens, a_screen_option_without_a_connector_is_for_the_next) {
    const auto with = laptop_with_screens({"1920x1080@60", "office"});
    ASSERT_TRUE(with.ok()) << with.problem().headline();
    const vkms::Config& device = with.value().cards[0].device;
    EXPECT_EQ(device.screens.size(), 4u);
    const auto named = laptop_with_screens({"eDP-1=1920x1080@60", "DP-1=office"});
    ASSERT_TRUE(named.ok()) << named.problem().headline();
    EXPECT_EQ(device.screens, named.value().cards[0].device.screens);
    EXPECT_FALSE(device.screens[0].edid.empty()) << "as an eDP has it";
    EXPECT_EQ(laptop_with_screens({"7680x4320@30"}).problem().headline(),
              parse_screen_option("eDP-1=7680x4320@30").problem().headline());
}

TEST(LikeScreens, a_screen_option_without_a_connector_leaves_those_that_others_name) {
    const auto with = laptop_with_screens({"1920x1080@60", "eDP-1=none"});
    ASSERT_TRUE(with.ok()) << with.problem().headline();
    EXPECT_FALSE(with.value().cards[0].device.screens[0].connected);
    EXPECT_TRUE(with.value().cards[0].device.screens[1].connected);
}

TEST(LikeScreens, a_screen_option_may_be_for_a_Virtual_connector_of_a_layout) {
    const Config board = board_of(parsed_like("latest"));
    ASSERT_EQ(board.cards[0].device.screens.size(), 1u);
    for (const char* text : {"gaming", "DP-1=gaming"}) {
        const auto with = apply_screens(board, {parse_screen_option(text).value()});
        ASSERT_TRUE(with.ok()) << with.problem().headline();
        const vkms::Config& device = with.value().cards[0].device;
        ASSERT_EQ(device.screens.size(), 1u);
        EXPECT_EQ(vkms::connector_name(vkms::numbered_connectors(device)[0]), "DP-1");
    }
}

TEST(LikeScreens, a_screen_option_for_no_free_connector_is_refused) {
    const auto refusal = [](const std::vector<std::string>& texts) {
        const auto with = laptop_with_screens(texts);
        if (with.ok()) return std::string("none");
        EXPECT_NE(with.problem().remedy.find("eDP-1, "), std::string::npos);
        return with.problem().headline();
    };
    EXPECT_EQ(refusal({"VGA-1=none"}), "--screen: gpu0 has no connector VGA-1");
    EXPECT_EQ(refusal({"eDP-1=none", "eDP-1=none"}),
              "--screen: eDP-1 has the screen of another option");
    EXPECT_EQ(refusal({"none", "none", "none", "none", "none"}),
              "--screen: gpu0 has no connector for one more");
}

}  // namespace
}  // namespace plugboard::daemon
