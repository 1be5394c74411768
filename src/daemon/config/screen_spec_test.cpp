#include "daemon/config/screen_spec.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "daemon/config/named_file.h"
#include "drm/edid/parse.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::daemon {
namespace {

TEST(ScreenSpec, has_a_size_and_a_rate) {
    const auto screen = parse_screen_spec("1920x1080@59.94");
    ASSERT_TRUE(screen.ok());
    EXPECT_TRUE(screen.value().connected);
    EXPECT_EQ(screen.value().mode->width, 1920u);
    EXPECT_EQ(screen.value().mode->height, 1080u);
    EXPECT_DOUBLE_EQ(screen.value().mode->refresh_hz, 59.94);
}

TEST(ScreenSpec, is_60_hz_by_itself) {
    EXPECT_DOUBLE_EQ(parse_screen_spec("1280x720").value().mode->refresh_hz, 60);
}

TEST(ScreenSpec, none_is_not_connected) {
    EXPECT_FALSE(parse_screen_spec("none").value().connected);
}

constexpr vkms::ConnectorConfig dp_1{.type = DRM_MODE_CONNECTOR_DisplayPort, .number = 1};

std::string name_in_edid(const vkms::ScreenConfig& screen) {
    const auto edid = drm::edid::parse(screen.edid);
    return edid.ok() ? edid->name : "";
}

TEST(ScreenSpec, has_an_EDID_where_the_connector_can_have_one) {
    const auto at_virtual = parse_screen_spec("1280x720@60");
    EXPECT_TRUE(at_virtual.value().edid.empty());
    const auto at_dp = parse_screen_spec("1280x720@60", {.connector = dp_1});
    ASSERT_TRUE(at_dp.ok());
    EXPECT_EQ(name_in_edid(at_dp.value()), "1280x720");
    EXPECT_EQ(at_dp.value().connector, dp_1);
}

TEST(ScreenSpec, none_and_a_monitor_keep_the_connector_that_was_said) {
    EXPECT_EQ(parse_screen_spec("none", {.connector = dp_1}).value().connector, dp_1);
    const auto office = parse_screen_spec("office", {.connector = dp_1});
    EXPECT_EQ(office.value().connector, dp_1);
    EXPECT_EQ(name_in_edid(office.value()), "Office 24");
}

TEST(ScreenSpec, may_be_a_file_whatever_its_bytes_are) {
    tests::TemporaryFolder folder;
    std::ofstream(folder.path() + "/broken.bin") << "no EDID at all";
    const auto screen = parse_screen_spec("broken.bin", {.connector = {}, .folder = folder.path()});
    ASSERT_TRUE(screen.ok());
    EXPECT_EQ(screen.value().edid.size(), 14u);
    EXPECT_EQ(screen.value().connector.type, DRM_MODE_CONNECTOR_DisplayPort);
    EXPECT_TRUE(parse_screen_spec(folder.path() + "/broken.bin").ok());
    EXPECT_EQ(parse_screen_spec(folder.path()).problem().message, folder.path() + " is a folder");
    EXPECT_EQ(parse_screen_spec("/nonexistent/edid.bin").problem().message,
              "/nonexistent/edid.bin cannot be read");
}

TEST(ScreenSpec, of_a_file_that_is_no_EDID_says_why) {
    tests::TemporaryFolder folder;
    const std::string pipe = folder.path() + "/pipe", large = folder.path() + "/large";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    std::ofstream(large).close();
    std::filesystem::resize_file(large, edid_file_limit.bytes + 1);
    const Problem of_pipe = parse_screen_spec(pipe).problem();
    EXPECT_EQ(of_pipe.message, pipe + " is a pipe");
    EXPECT_EQ(of_pipe.remedy, "write what it gives into a file, and name that");
    const Problem of_large =
        parse_screen_spec("large", {.connector = {}, .folder = folder.path()}).problem();
    EXPECT_EQ(of_large.message, large + " has over 32640 bytes");
    EXPECT_EQ(of_large.remedy, "name a file with an EDID");
}

TEST(ScreenSpec, that_no_EDID_can_tell_is_refused_at_a_connector_with_one) {
    EXPECT_TRUE(parse_screen_spec("7680x4320@30").ok());
    EXPECT_EQ(parse_screen_spec("7680x4320@30", {.connector = dp_1}).problem().message,
              "no EDID can tell of 7680x4320@30");
}

TEST(ConnectorName, is_a_type_and_a_number) {
    EXPECT_EQ(parse_connector_name("DP-1"), dp_1);
    EXPECT_EQ(parse_connector_name("HDMI-A-2")->type, DRM_MODE_CONNECTOR_HDMIA);
    EXPECT_EQ(parse_connector_name("HDMI-A-2")->number, 2u);
    for (const char* text : {"", "DP", "DP-", "DP-0", "DP-x", "DP-1x", "dp-1", "Writeback-1",
                             "gpu0", "-1", "DP--1", "DP-99999999999"})
        EXPECT_FALSE(parse_connector_name(text)) << text;
}

class WrongScreenSpec : public testing::TestWithParam<const char*> {};

TEST_P(WrongScreenSpec, is_refused_with_a_remedy) {
    const auto screen = parse_screen_spec(GetParam());
    ASSERT_FALSE(screen.ok());
    EXPECT_NE(screen.problem().message, "");
    EXPECT_NE(screen.problem().remedy, "");
}

INSTANTIATE_TEST_SUITE_P(All, WrongScreenSpec,
                         testing::Values("", "x", "1920", "1920x", "x1080", "1920x1080@",
                                         "1920x1080@x", "1920x1080@60x", "-1x5", "1920x1080 ",
                                         "1920X1080", "0x0", "1920x1080@0", "1920x1080@-60",
                                         "1920x1080@nan", "1920x1080@inf", "1920x1080@1e9",
                                         "99999999999x5", "9000x1000", "4294967295x4294967295",
                                         "8x8"));

}  // namespace
}  // namespace plugboard::daemon
