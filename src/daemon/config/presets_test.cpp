#include "daemon/config/presets.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "daemon/config/config.h"
#include "daemon/config/config_text.h"
#include "daemon/config/monitors.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

TEST(Presets, each_is_a_good_configuration) {
    for (const Preset& preset : presets) {
        const auto config = read_preset(preset.name);
        EXPECT_TRUE(config.ok()) << config.problem().headline();
    }
}

TEST(Presets, each_has_a_name_of_its_own_and_a_line_for_people) {
    std::set<std::string_view> names;
    for (const Preset& preset : presets) {
        EXPECT_TRUE(names.insert(preset.name).second) << preset.name;
        EXPECT_FALSE(preset.what.empty()) << preset.name;
        EXPECT_NE(preset_lines().find(preset.what), std::string::npos);
    }
}

TEST(BoardDocument, has_a_row_for_each_preset_monitor_and_switch) {
    std::ifstream file(PLUGBOARD_SOURCE_DIR "/docs/board.md");
    std::stringstream text;
    text << file.rdbuf();
    const std::string document = text.str();
    const auto has_row = [&](std::string_view name, std::string_view what) {
        const std::string start = fmt::format("\n| `{}` |", name);
        for (auto at = document.find(start); at != document.npos;
             at = document.find(start, at + 1)) {
            const std::string row = document.substr(at, document.find('\n', at + 1) - at);
            if (row.find(what) != row.npos) return true;
        }
        return false;
    };
    for (const Preset& preset : presets)
        EXPECT_TRUE(has_row(preset.name, preset.what)) << preset.name;
    for (const Monitor& monitor : monitors)
        EXPECT_TRUE(has_row(monitor.name, monitor.what)) << monitor.name;
    for (const vkms::FeatureName& feature : vkms::feature_names())
        EXPECT_TRUE(has_row(feature.key, feature.what)) << feature.key;
}

TEST(Presets, the_one_without_a_name_is_that_of_linux_6_1) {
    const auto config = read_preset("vkms-6.1");
    ASSERT_TRUE(config.ok());
    EXPECT_EQ(describe_cards(config.value()), describe_cards(Config{}));
}

TEST(Presets, a_wrong_name_lists_the_right_ones) {
    const auto config = read_preset("lapdog");
    ASSERT_FALSE(config.ok());
    EXPECT_EQ(config.problem().message, "there is no preset \"lapdog\"");
    EXPECT_NE(config.problem().remedy.find("laptop"), std::string::npos);
}

TEST(ConfigText, says_what_each_card_is_and_where_it_differs_from_its_profile) {
    const auto config = parse_toml(R"(
        [[card]]
        profile = "full"
        vrr = false
        overlays = 3
        screens = ["1920x1080@60"]
        [[card]]
        driver = "vgem"
    )",
                                   "board.toml");
    ASSERT_TRUE(config.ok()) << config.problem().headline();
    const json cards = describe_cards(config.value());
    EXPECT_EQ(cards.at(0).at("profile"), "full");
    EXPECT_EQ(cards.at(0).at("crtcs"), 1);
    EXPECT_EQ(cards.at(0).at("planes"), 5);
    EXPECT_EQ(cards.at(0).at("differs"), json({{"vrr", false}}));
    EXPECT_EQ(cards.at(0).at("screens").at(0),
              json({{"connector", "Virtual-1"}, {"connected", true}, {"shows", "1920x1080@60"}}));
    EXPECT_EQ(cards.at(1), json({{"name", "gpu1"}, {"driver", "vgem"}}));
}

}  // namespace
}  // namespace plugboard::daemon
