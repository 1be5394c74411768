#include "daemon/config/config.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>

#include "tests/support/temporary_folder.h"

namespace plugboard::daemon {
namespace {

Config good(std::string_view text) {
    const auto config = parse_toml(text, "board.toml");
    EXPECT_TRUE(config.ok()) << config.problem().headline();
    return config.ok() ? config.value() : Config{};
}

TEST(Config, an_empty_file_is_one_vkms_card) {
    const Config config = good("");
    ASSERT_EQ(config.cards.size(), 1u);
    EXPECT_EQ(config.cards[0].name, "gpu0");
    EXPECT_EQ(config.cards[0].driver, "vkms");
    EXPECT_EQ(config.bus, "platform");
    EXPECT_EQ(validate(config).message, "");
}

TEST(Config, every_key_is_read) {
    const Config config = good(R"(
        bus = "faux"
        [[card]]
        name = "left"
        profile = "linux-6.1"
        driver = "vkms"
        overlays = true
        cursor = false
        writeback = false
        syncobj = true
        screens = ["1920x1080@60", "none"]
        crtcs = 2
        [[card]]
    )");
    EXPECT_EQ(config.bus, "faux");
    ASSERT_EQ(config.cards.size(), 2u);
    const vkms::Config& left = config.cards[0].device;
    EXPECT_EQ(config.cards[0].name, "left");
    EXPECT_EQ(left.name, "left");
    EXPECT_EQ(left.overlays, 8u);
    EXPECT_FALSE(left.cursor);
    EXPECT_FALSE(left.writeback);
    EXPECT_TRUE(left.features.syncobj);
    EXPECT_EQ(left.crtcs, 2u);
    ASSERT_EQ(left.screens.size(), 2u);
    EXPECT_EQ(left.screens[0].mode->width, 1920u);
    EXPECT_FALSE(left.screens[1].connected);
    EXPECT_EQ(config.cards[1].name, "gpu1") << "a card without a name has its number";
}

TEST(Config, a_card_may_be_a_vgem) {
    const Config config = good("[[card]]\ndriver = \"vgem\"\n[[card]]\n");
    ASSERT_EQ(config.cards.size(), 2u);
    EXPECT_EQ(config.cards[0].driver, "vgem");
    EXPECT_FALSE(config.cards[0].has_screens());
    EXPECT_TRUE(config.cards[1].has_screens());
    EXPECT_FALSE(config.cards[0].vgem.syncobj);
    EXPECT_TRUE(good("[[card]]\ndriver = \"vgem\"\nsyncobj = true\n").cards[0].vgem.syncobj);
}

TEST(Config, a_card_may_have_limits_and_faults) {
    const Config config = good(R"(
        [[card]]
        [[card.limit]]
        planes = 2
        plane = ["overlay", "cursor"]
        [[card.limit]]
        bandwidth = "2 GB/s"
        errno = "ENOSPC"
        [[card.limit]]
        downscale = 1.5
        [[card.limit]]
        inside = true
        [[card.fault]]
        ioctl = "MODE_ATOMIC"
        call = 3
        errno = "EBUSY"
        [[card.fault]]
        vblank = "lost"
        nth = "2..4"
        [[card]]
        driver = "vgem"
        [[card.fault]]
        ioctl = "GEM_CLOSE"
        errno = "EIO"
    )");
    const vkms::Config& device = config.cards[0].device;
    ASSERT_EQ(device.limit_rules.size(), 4u);
    EXPECT_EQ(vkms::limit_text(device.limit_rules[0]),
              "planes = 2, per = crtc, plane = overlay, cursor");
    EXPECT_EQ(device.limit_rules[1].error, Errno::NoSpc);
    EXPECT_EQ(vkms::limit_text(device.limit_rules[2]), "downscale = 1.5");
    ASSERT_EQ(device.faults.size(), 2u);
    EXPECT_EQ(device.faults[0].trigger.first, 3u);
    EXPECT_EQ(device.faults[1].trigger.last, 4u);
    EXPECT_EQ(config.cards[1].vgem.faults.size(), 1u);
}

TEST(Config, limits_replace_the_defaults) {
    const drm::Amounts limits = good("[limits]\nbuffers = 3\nfiles = 0\n").limits;
    EXPECT_EQ(limits[drm::Resource::Buffers], 3u);
    EXPECT_EQ(limits[drm::Resource::Files], 0u);
    EXPECT_EQ(limits[drm::Resource::Blobs], drm::default_limits()[drm::Resource::Blobs]);
}

TEST(Config, has_at_most_256_cards) {
    std::string text;
    for (int i = 0; i < 256; ++i) text += "[[card]]\n";
    EXPECT_EQ(good(text).cards.size(), 256u);
    const auto config = parse_toml(text + "[[card]]\n", "board.toml");
    ASSERT_FALSE(config.ok());
    EXPECT_EQ(config.problem().message, "257 cards are too many");
}

TEST(Config, screens_may_be_tables) {
    const Config config = good("[[card]]\n[[card.screen]]\nspec = \"none\"\n[[card.screen]]\n");
    ASSERT_EQ(config.cards[0].device.screens.size(), 2u);
    EXPECT_FALSE(config.cards[0].device.screens[0].connected);
    EXPECT_TRUE(config.cards[0].device.screens[1].connected);
}

TEST(Config, a_screen_has_a_connector_and_may_wait_to_be_plugged_in) {
    const Config config = good(R"(
        [[card]]
        [[card.screen]]
        connector = "DP-2"
        spec = "gaming"
        connected = false
        [[card.screen]]
        connector = "HDMI-A-1"
    )");
    const auto& screens = config.cards[0].device.screens;
    ASSERT_EQ(screens.size(), 2u);
    EXPECT_EQ(screens[0].connector,
              (vkms::ConnectorConfig{.type = DRM_MODE_CONNECTOR_DisplayPort, .number = 2}));
    EXPECT_FALSE(screens[0].connected);
    EXPECT_FALSE(screens[0].edid.empty());
    EXPECT_EQ(screens[1].connector.type, DRM_MODE_CONNECTOR_HDMIA);
    EXPECT_FALSE(screens[1].connected) << "nothing is plugged in there yet";
}

TEST(Config, a_screen_may_be_a_panel_that_is_turned_or_a_port_of_a_dock) {
    const Config config = good(R"(
        [[card]]
        profile = "full"
        hdr = false
        [[card.screen]]
        spec = "panel"
        panel_orientation = "right-side-up"
        [[card.screen]]
        connector = "DP-1"
        [[card.screen]]
        connector = "DP-4"
        path = "mst:DP-1-2-8"
        spec = "hdr"
    )");
    const vkms::Config& card = config.cards[0].device;
    ASSERT_EQ(card.screens.size(), 3u);
    EXPECT_FALSE(card.features.hdr);
    EXPECT_TRUE(card.features.max_bpc);
    EXPECT_EQ(card.screens[0].connector.panel_orientation, drm::PanelOrientation::RightSideUp);
    EXPECT_EQ(card.screens[2].connector.number, 4u);
    EXPECT_EQ(
        card.screens[2].connector.dock,
        (vkms::DockPort{
            .parent_type = DRM_MODE_CONNECTOR_DisplayPort, .parent_number = 1, .port = "2-8"}));
}

TEST(Config, the_path_of_an_EDID_is_relative_to_the_file) {
    tests::TemporaryFolder folder;
    std::ofstream(folder.path() + "/edid.bin") << "bytes";
    const std::string file = folder.path() + "/board.toml";
    std::ofstream(file) << "[[card]]\nscreens = [\"edid.bin\"]\n";
    const auto config = read_config_file(file);
    ASSERT_TRUE(config.ok()) << config.problem().headline();
    EXPECT_EQ(config.value().cards[0].device.screens[0].edid.size(), 5u);
}

TEST(Config, a_list_without_cards_is_a_board_without_cards) {
    EXPECT_TRUE(good("card = []").cards.empty());
}

struct Mistake {
    const char* what;
    const char* text;
    int line;
    const char* key;
    const char* message;  // part of it

    friend std::ostream& operator<<(std::ostream& out, const Mistake& mistake) {
        return out << mistake.what;
    }
};

class ConfigMistake : public testing::TestWithParam<Mistake> {};

TEST_P(ConfigMistake, names_file_line_key_and_remedy) {
    const Mistake& mistake = GetParam();
    const auto config = parse_toml(mistake.text, "board.toml");
    ASSERT_FALSE(config.ok());
    const Problem& problem = config.problem();
    EXPECT_EQ(problem.file, "board.toml");
    EXPECT_EQ(problem.line, mistake.line);
    EXPECT_EQ(problem.key, mistake.key);
    EXPECT_NE(problem.message.find(mistake.message), std::string::npos) << problem.message;
    EXPECT_NE(problem.remedy, "");
    EXPECT_TRUE(problem.headline().starts_with("board.toml:")) << problem.headline();
}

INSTANTIATE_TEST_SUITE_P(
    All, ConfigMistake,
    testing::Values(
        Mistake{"syntax", "\n[[card]\n", 2, "", ""},
        Mistake{"three_brackets", "\n[[[card]]]\n", 2, "", ""},
        Mistake{"unknown_key", "\ncards = 1\n", 2, "cards", "unknown key"},
        Mistake{"unknown_card_key", "[[card]]\n\nnmae = \"x\"\n", 3, "card[0].nmae", "unknown key"},
        Mistake{"unknown_screen_key", "[[card]]\n[[card.screen]]\nmode = 1\n", 3,
                "card[0].screen[0].mode", "unknown key"},
        Mistake{"connector", "[[card]]\n[[card.screen]]\nconnector = \"DP\"\n", 3,
                "card[0].screen[0].connector", "no connector"},
        Mistake{"connector_twice",
                "[[card]]\n[[card.screen]]\nconnector = \"DP-1\"\n[[card.screen]]\n"
                "connector = \"DP-1\"\n",
                5, "card[0].screen[1].connector", "DP-1 is the connector"},
        Mistake{"connected_type", "[[card]]\n[[card.screen]]\nconnected = 1\n", 3,
                "card[0].screen[0].connected", "true or false"},
        Mistake{"monitor_at_a_virtual_connector",
                "[[card]]\n[[card.screen]]\nconnector = \"Virtual-1\"\nspec = \"office\"\n", 4,
                "card[0].screen[0].spec", "has no EDID"},
        Mistake{"panel_orientation",
                "[[card]]\n[[card.screen]]\nspec = \"panel\"\npanel_orientation = \"left\"\n", 4,
                "card[0].screen[0].panel_orientation", "not built in"},
        Mistake{"dock_at_HDMI",
                "[[card]]\n[[card.screen]]\nspec = \"office\"\npath = \"mst:DP-1-1\"\n", 4,
                "card[0].screen[0].path", "only DP"},
        Mistake{"dock_path",
                "[[card]]\n[[card.screen]]\nconnector = \"DP-2\"\npath = \"mst:DP-1\"\n", 4,
                "card[0].screen[0].path", "no place behind a dock"},
        Mistake{"dock_without_parent",
                "[[card]]\n[[card.screen]]\nconnector = \"DP-2\"\npath = \"mst:DP-1-1\"\n", 4,
                "card[0].screen[0].path", "no DP-1"},
        Mistake{"version_too_large", "[[card]]\ndriver_version = \"99999999999.0.0\"", 2,
                "card[0].driver_version", "is no version"},
        Mistake{"version_empty", "[[card]]\ndriver_version = \"\"", 2, "card[0].driver_version",
                "is no version"},
        Mistake{"version_with_blanks", "[[card]]\ndriver_version = \" 1. 2. 3\"", 2,
                "card[0].driver_version", "is no version"},
        Mistake{"limit_errno_list", "[[card]]\n[[card.limit]]\nplanes = 1\nerrno = [\"EBUSY\"]", 4,
                "card[0].limit[0].errno", "must be a text or a whole number"},
        Mistake{"fault_call_float",
                "[[card]]\n[[card.fault]]\nioctl = \"GET_CAP\"\nerrno = \"EIO\"\ncall = 3.0", 5,
                "card[0].fault[0].call", "must be a text or a whole number"},
        Mistake{"fault_of_no_connector", "[[card]]\n[[card.fault]]\nlink = \"DP-9\"", 3,
                "card[0].fault[0].link", "no connector \"DP-9\""},
        Mistake{"connector_name", "[[card]]\nname = \"DP-1\"", 2, "card[0].name", "connector"},
        Mistake{"bus_type", "bus = 1", 1, "bus", "must be a text"},
        Mistake{"bus", "bus = \"pci\"", 1, "bus", "no bus \"pci\""},
        Mistake{"limits_type", "limits = 1", 1, "limits", "must be a table"},
        Mistake{"limit_of_what", "[limits]\ntextures = 1", 2, "limits.textures", ""},
        Mistake{"limit", "[limits]\nbuffers = -1", 2, "limits.buffers", "must be a number"},
        Mistake{"card_type", "card = 1", 1, "card", "must be a list"},
        Mistake{"card_entry", "card = [1]", 1, "card[0]", "must be a table"},
        Mistake{"name_type", "[[card]]\nname = 1", 2, "card[0].name", "must be a text"},
        Mistake{"name", "[[card]]\nname = \"a/b\"", 2, "card[0].name", "no name for a card"},
        Mistake{"empty_name", "[[card]]\nname = \"\"", 2, "card[0].name", "no name for a card"},
        Mistake{"node_name", "[[card]]\nname = \"card0\"", 2, "card[0].name", "device node"},
        Mistake{"same_name", "[[card]]\nname = \"a\"\n[[card]]\nname = \"a\"", 4, "card[1].name",
                "card[0] already"},
        Mistake{"name_of_a_nameless_card", "[[card]]\n[[card]]\nname = \"gpu0\"", 3, "card[1].name",
                "card[0] already"},
        Mistake{"driver", "[[card]]\ndriver = \"i915\"", 2, "card[0].driver", "no driver"},
        Mistake{"profile_of_a_vgem", "[[card]]\nprofile = \"linux-6.1\"\ndriver = \"vgem\"", 2,
                "card[0].profile", "a vgem card has no profile"},
        Mistake{"screen_of_a_vgem", "[[card]]\ndriver = \"vgem\"\n[[card.screen]]\n", 3,
                "card[0].screen", "a vgem card has no screen"},
        Mistake{"profile", "[[card]]\nprofile = \"linux-2.4\"", 2, "card[0].profile", "no profile"},
        Mistake{"overlays_type", "[[card]]\noverlays = \"8\"", 2, "card[0].overlays",
                "must be true"},
        Mistake{"overlays_below_zero", "[[card]]\noverlays = -1", 2, "card[0].overlays",
                "must be true"},
        Mistake{"overlays", "[[card]]\noverlays = 3", 2, "card[0].overlays", "neither 0 nor 8"},
        Mistake{"cursor_type", "[[card]]\ncursor = 1", 2, "card[0].cursor", "true or false"},
        Mistake{"screens_type", "[[card]]\nscreens = \"none\"", 2, "card[0].screens",
                "must be a list"},
        Mistake{"no_screens", "[[card]]\nscreens = []", 2, "card[0].screens", "at least one"},
        Mistake{"screen", "[[card]]\nscreens = [\n\"none\",\n\"big\"]", 4, "card[0].screens[1]",
                "no screen"},
        Mistake{"two_kinds_of_screens", "[[card]]\nscreens = [\"none\"]\n[[card.screen]]\n", 3,
                "card[0].screen", "both"},
        Mistake{"too_many_crtcs", "[[card]]\nname = \"a\"\ncrtcs = 99", 3, "card[0].crtcs",
                "at most 31"},
        Mistake{"crtcs", "[[card]]\ncrtcs = 0", 2, "card[0].crtcs", "at least one"},
        Mistake{"limit_rule_type", "[[card]]\nlimit = 1", 2, "card[0].limit", "a list of tables"},
        Mistake{"limit_rule_key", "[[card]]\n[[card.limit]]\nplanes = 1\nwhen = 1", 4,
                "card[0].limit[0].when", "unknown key"},
        Mistake{"limit_rule_value",
                "[[card]]\n[[card.limit]]\nplanes = 1\n[[card.limit]]\n\n"
                "size = \"big\"",
                6, "card[0].limit[1].size", "no size"},
        Mistake{"limit_rule_table", "[[card]]\n[[card.limit]]\nplanes = {}", 3,
                "card[0].limit[0].planes", "must be a text or a whole number"},
        Mistake{"limit_rule_fraction", "[[card]]\n[[card.limit]]\nupscale = {}", 3,
                "card[0].limit[0].upscale", "must be a number or a text"},
        Mistake{"limit_rule_list", "[[card]]\n[[card.limit]]\nformat = \"NV12\"\nnot_on = [1]", 4,
                "card[0].limit[0].not_on", "must be a text or a list of texts"},
        Mistake{"limit_rule_of_nothing", "[[card]]\n[[card.limit]]\nplane = \"cursor\"", 2,
                "card[0].limit[0]", "says nothing"},
        Mistake{"limit_rule_that_no_card_has", "[[card]]\n[[card.limit]]\nupscale = 0.5", 3,
                "card[0].limit[0].upscale", "no limit of scaling"},
        Mistake{"second_limit_rule_that_no_card_has",
                "[[card]]\n[[card.limit]]\nplanes = 1\n[[card.limit]]\nplane = \"cursor\"\n"
                "size = \"0x64\"",
                6, "card[0].limit[1].size", "nothing could ever be shown"},
        Mistake{"limit_of_a_vgem", "[[card]]\ndriver = \"vgem\"\n[[card.limit]]\nplanes = 1", 3,
                "card[0].limit", "a vgem card has no limit"},
        Mistake{"fault_ioctl", "[[card]]\n[[card.fault]]\nioctl = \"TEA\"\nerrno = \"EIO\"", 3,
                "card[0].fault[0].ioctl", "no ioctl"},
        Mistake{"fault_call",
                "[[card]]\n[[card.fault]]\nioctl = \"GET_CAP\"\nerrno = \"EIO\"\n"
                "call = -1",
                5, "card[0].fault[0].call", "no number"},
        Mistake{"fault_of_no_crtc", "[[card]]\n[[card.fault]]\nvblank = \"lost\"\ncrtc = 1", 4,
                "card[0].fault[0].crtc", "no CRTC 1"},
        Mistake{"fault_of_a_vgem", "[[card]]\ndriver = \"vgem\"\n[[card.fault]]\nflip = \"slow\"",
                4, "card[0].fault[0].flip", "a vgem card has no vblanks"}),
    [](const auto& test) { return std::string(test.param.what); });

TEST(Config, keys_that_are_nested_without_end_are_refused) {
    std::string text = "bus = \"faux\"\n";
    for (int i = 0; i < 200000; ++i) text += "a.";
    const auto config = parse_toml(text + "a = 1", "board.toml");
    ASSERT_FALSE(config.ok());
    EXPECT_EQ(config.problem().headline(), "board.toml:2: the line has over 256 dots");
}

TEST(Config, a_comment_may_have_any_number_of_dots) {
    const std::string ruler(300, '.');
    EXPECT_TRUE(parse_toml("bus = \"faux\"\n  # " + ruler + "\n[[card]]\n", "board.toml").ok());
    const auto config = parse_toml("# " + ruler + "\n'#'" + ruler + " = 1", "board.toml");
    ASSERT_FALSE(config.ok());
    EXPECT_EQ(config.problem().headline(), "board.toml:2: the line has over 256 dots");
}

TEST(Config, a_file_that_is_not_there_is_named) {
    const auto config = read_config_file("/nonexistent/board.toml");
    ASSERT_FALSE(config.ok());
    EXPECT_EQ(config.problem().headline(), "/nonexistent/board.toml: cannot be read");
}

TEST(Config, what_is_no_plain_file_is_refused_without_waiting) {
    const tests::TemporaryFolder folder;
    const std::string pipe = folder.path() + "/pipe", huge = folder.path() + "/huge";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    std::ofstream(huge).close();
    std::filesystem::resize_file(huge, (16 << 20) + 1);
    EXPECT_EQ(read_config_file(pipe).problem().headline(), pipe + ": is a pipe");
    EXPECT_EQ(read_config_file("/dev/zero").problem().headline(), "/dev/zero: is no plain file");
    EXPECT_EQ(read_config_file(folder.path()).problem().headline(),
              folder.path() + ": is a folder");
    const auto config = read_config_file(huge);
    EXPECT_EQ(config.problem().headline(), huge + ": has over 16777216 bytes");
    EXPECT_FALSE(config.problem().remedy.empty());
    EXPECT_EQ(parse_screen_option("DP-1=" + pipe).problem().headline(),
              "--screen: " + pipe + " is a pipe");
}

TEST(Config, an_empty_file_is_the_default_board) {
    const tests::TemporaryFolder folder;
    const std::string empty = folder.path() + "/empty";
    std::ofstream(empty).close();
    const auto config = read_config_file(empty);
    ASSERT_TRUE(config.ok()) << config.problem().headline();
    EXPECT_EQ(config.value().cards.size(), 1u);
}

TEST(ScreenOption, is_for_the_first_card_or_the_one_it_names) {
    const Config board = good("[[card]]\n[[card]]\n");
    const auto first = parse_screen_option("none");
    const auto second = parse_screen_option("gpu1=640x480");
    ASSERT_TRUE(first.ok() && second.ok());
    const auto config = apply_screens(board, {first.value(), second.value()});
    ASSERT_TRUE(config.ok());
    EXPECT_FALSE(config.value().cards[0].device.screens.at(0).connected);
    EXPECT_EQ(config.value().cards[1].device.screens.at(0).mode->width, 640u);
}

TEST(ScreenOption, without_a_card_passes_over_those_without_screens) {
    const Config board = good("[[card]]\ndriver = \"vgem\"\n[[card]]\n");
    const auto screen = parse_screen_option("none");
    const auto config = apply_screens(board, {screen.value()});
    ASSERT_TRUE(config.ok());
    EXPECT_FALSE(config.value().cards[1].device.screens.at(0).connected);
}

TEST(ScreenOption, for_a_card_without_screens_is_refused) {
    const Config board = good("[[card]]\ndriver = \"vgem\"\n");
    const auto named = parse_screen_option("gpu0=none"), nameless = parse_screen_option("none");
    EXPECT_EQ(apply_screens(board, {named.value()}).problem().headline(),
              "--screen: gpu0 is a vgem card and has no screens");
    EXPECT_EQ(apply_screens(board, {nameless.value()}).problem().headline(),
              "--screen: the board has no card with screens");
}

TEST(ScreenOption, several_for_one_card_are_its_screens) {
    const auto screen = parse_screen_option("1024x768");
    const auto config = apply_screens(Config{}, {screen.value(), screen.value()});
    ASSERT_TRUE(config.ok());
    EXPECT_EQ(config.value().cards[0].device.screens.size(), 2u);
}

TEST(ScreenOption, may_say_the_connector_and_the_card) {
    const Config board = good("[[card]]\n[[card]]\n");
    const auto first = parse_screen_option("DP-3=office");
    const auto second = parse_screen_option("gpu1/HDMI-A-1=none");
    ASSERT_TRUE(first.ok() && second.ok());
    const auto config = apply_screens(board, {first.value(), second.value()});
    ASSERT_TRUE(config.ok());
    EXPECT_EQ(config.value().cards[0].device.screens.at(0).connector,
              (vkms::ConnectorConfig{.type = DRM_MODE_CONNECTOR_DisplayPort, .number = 3}));
    EXPECT_EQ(config.value().cards[1].device.screens.at(0).connector.type,
              DRM_MODE_CONNECTOR_HDMIA);
    EXPECT_EQ(parse_screen_option("gpu0/X-1=none").problem().headline(),
              "--screen: \"X-1\" is no connector");
}

TEST(ScreenOption, may_be_what_a_fault_of_the_file_is_about) {
    const auto read = [](const std::string& fault, const std::vector<const char*>& options) {
        std::vector<ScreenOption> screens;
        for (const char* option : options) screens.push_back(parse_screen_option(option).value());
        return parse_toml("[[card]]\n[[card.fault]]\n" + fault, "board.toml", screens);
    };
    const std::string link = "link = \"DP-1\"", crtc = "vblank = \"lost\"\ncrtc = 1";
    EXPECT_FALSE(read(link, {}).ok());
    const auto board = read(link, {"DP-1=gaming"});
    ASSERT_TRUE(board.ok()) << board.problem().headline();
    EXPECT_EQ(board.value().cards[0].device.faults.size(), 1u);
    EXPECT_FALSE(read(crtc, {"none"}).ok());
    EXPECT_TRUE(read(crtc, {"none", "none"}).ok());
    const Problem other = read(link, {"DP-2=none"}).problem();
    EXPECT_EQ(other.file, "board.toml");
    EXPECT_GT(other.line, 1);
    EXPECT_EQ(other.remedy, "the card has DP-2");
    EXPECT_EQ(read(link, {"gpu7=none"}).problem().headline(),
              "--screen: there is no card \"gpu7\"");
}

TEST(CardSource, is_one_at_most) {
    const auto key = [](const CardSource& source) { return read_cards(source, {}).problem().key; };
    EXPECT_TRUE(read_cards({}, {}).ok());
    EXPECT_TRUE(read_cards({.preset = "laptop"}, {}).ok());
    EXPECT_EQ(key({.toml = "a.toml", .preset = "laptop"}), "--preset");
    EXPECT_EQ(key({.toml = "a.toml", .like = "b.json"}), "--like");
    EXPECT_EQ(key({.preset = "laptop", .like = "b.json"}), "--like");
}

TEST(ScreenOption, of_a_card_that_is_not_there_is_refused) {
    const auto screen = parse_screen_option("gpu7=none");
    const auto config = apply_screens(Config{}, {screen.value()});
    ASSERT_FALSE(config.ok());
    EXPECT_EQ(config.problem().headline(), "--screen: there is no card \"gpu7\"");
    EXPECT_NE(config.problem().remedy.find("gpu0"), std::string::npos);
}

TEST(ScreenOption, a_wrong_spec_names_the_option) {
    const auto screen = parse_screen_option("gpu0=huge");
    ASSERT_FALSE(screen.ok());
    EXPECT_EQ(screen.problem().headline(), "--screen: \"huge\" is no screen");
}

}  // namespace
}  // namespace plugboard::daemon
