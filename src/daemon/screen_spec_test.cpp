#include "daemon/screen_spec.h"

#include <gtest/gtest.h>

#include <string>

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

TEST(ScreenSpec, reads_back_as_it_was_written) {
    for (const char* text : {"1920x1080@60", "1280x720@59.94", "none", "default"})
        EXPECT_EQ(to_string(parse_screen_spec(text).value()), text);
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
