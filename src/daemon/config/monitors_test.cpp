// The monitors that come with Plugboard: edid-decode is their judge.
#include "daemon/config/monitors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "daemon/config/monitor_edids.h"
#include "daemon/config/screen_spec.h"
#include "drm/edid/parse.h"
#include "tests/support/run.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::daemon {
namespace {

using Bytes = std::vector<std::byte>;

/// What `edid-decode --check` has to say against an EDID; empty: nothing.
std::string complaints(const Bytes& edid) {
    tests::TemporaryFolder folder;
    const std::string path = folder.path() + "/edid.bin";
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(edid.data()),
               static_cast<std::streamsize>(edid.size()));
    const auto result = tests::run({.command = {"edid-decode", "--check", path}});
    const std::string all = result.out + result.err;
    return result.status == 0 ? "" : all.substr(std::min(all.size(), all.find("Failures:")));
}

class EveryMonitor : public testing::TestWithParam<Monitor> {};

TEST_P(EveryMonitor, passes_edid_decode_at_every_connector_but_the_broken_one) {
    for (const char* connector : {"DP", "HDMI-A", "eDP", "DVI-D", "VGA", "LVDS"}) {
        const auto edid = find_monitor_edid(GetParam().name, *vkms::find_connector_type(connector));
        ASSERT_TRUE(edid) << connector;
        if (std::string_view(GetParam().name) == "broken") {
            EXPECT_NE(complaints(*edid), "") << connector;
        } else {
            EXPECT_EQ(complaints(*edid), "") << connector;
        }
    }
}

TEST_P(EveryMonitor, has_its_mode_first_and_a_name) {
    const auto screen = parse_screen_spec(GetParam().name);
    ASSERT_TRUE(screen.ok());
    EXPECT_EQ(screen.value().connector.type, *vkms::find_connector_type(GetParam().connector));
    const auto edid = drm::edid::parse(screen.value().edid);
    ASSERT_TRUE(edid.ok());
    EXPECT_NE(edid->name, "");
    const drm::Mode& mode = edid->modes.front();
    EXPECT_TRUE(mode.is_preferred());
    EXPECT_NE(std::string(GetParam().what).find(mode.name()), std::string::npos) << mode.name();
}

INSTANTIATE_TEST_SUITE_P(All, EveryMonitor, testing::ValuesIn(monitors), [](const auto& test) {
    std::string name = test.param.name;
    std::ranges::replace(name, '-', '_');
    return name;
});

TEST(Monitors, a_mode_at_a_connector_has_an_EDID_that_passes_edid_decode) {
    for (const vkms::ScreenMode& mode : {vkms::ScreenMode{1920, 1080, 60},
                                         {1920, 1080, 59.94},
                                         {1366, 768, 60},
                                         {640, 480, 60},
                                         {3840, 2160, 30},
                                         {1280, 720, 120},
                                         {4095, 2160, 50}}) {
        for (const uint32_t type :
             std::initializer_list<uint32_t>{DRM_MODE_CONNECTOR_DisplayPort,
                                             DRM_MODE_CONNECTOR_HDMIA, DRM_MODE_CONNECTOR_eDP}) {
            const auto edid = edid_for_mode(mode, type);
            ASSERT_TRUE(edid) << mode.width;
            EXPECT_EQ(complaints(*edid), "") << mode.width << " " << type;
        }
    }
    EXPECT_FALSE(edid_for_mode({7680, 4320, 60}, DRM_MODE_CONNECTOR_DisplayPort));
}

TEST(Monitors, the_judge_sees_what_is_wrong) {
    Bytes edid = *find_monitor_edid("office", DRM_MODE_CONNECTOR_DisplayPort);
    edid[60] ^= std::byte{1};
    EXPECT_NE(complaints(edid), "");
}

TEST(Monitors, are_listed_for_the_help_a_line_each) {
    EXPECT_EQ(monitor_lines().substr(0, 46), "  office          24 inch, 1920x1080 at 60 Hz\n");
}

drm::edid::Edid parsed(const char* monitor) {
    const auto edid = drm::edid::parse(*find_monitor_edid(monitor, DRM_MODE_CONNECTOR_DisplayPort));
    EXPECT_TRUE(edid.ok()) << monitor;
    return edid.ok() ? *edid : drm::edid::Edid{};
}

bool has_mode(const drm::edid::Edid& edid, uint32_t width, uint32_t height, uint32_t hz) {
    return std::ranges::any_of(edid.modes, [&](const drm::Mode& mode) {
        return mode.size() == drm::Size{width, height} && mode.vrefresh() == hz;
    });
}

TEST(Monitors, hdr_says_what_only_a_DisplayID_and_a_CTA_block_can) {
    const auto hdr = parsed("hdr");
    EXPECT_TRUE(has_mode(hdr, 3840, 2160, 144));
    EXPECT_TRUE(has_mode(hdr, 3840, 2160, 120));
    EXPECT_TRUE(has_mode(hdr, 3840, 2160, 60));
    EXPECT_EQ(hdr.bits_per_color, 10u);
    EXPECT_EQ(hdr.hdr_eotfs, 0xdu) << "SDR, PQ, HLG";
    EXPECT_EQ(hdr.min_hz, 48u);
    EXPECT_EQ(hdr.max_hz, 144u);
}

TEST(Monitors, of_a_fixed_rate_have_no_range) {
    EXPECT_EQ(parsed("gaming").max_hz, 144u);
    EXPECT_EQ(parsed("office").max_hz, 0u);
    EXPECT_EQ(parsed("office").hdr_eotfs, 0u);
    EXPECT_EQ(parsed("office").bits_per_color, 8u);
}

TEST(Monitors, tiled_5k_is_two_halves_of_one_screen) {
    const auto left = parsed("tiled-5k-left"), right = parsed("tiled-5k-right");
    ASSERT_TRUE(left.tile && right.tile);
    EXPECT_EQ(left.tile->topology, right.tile->topology);
    EXPECT_EQ(left.tile->columns, 2u);
    EXPECT_EQ(left.tile->rows, 1u);
    EXPECT_EQ(left.tile->column, 0u);
    EXPECT_EQ(right.tile->column, 1u);
    EXPECT_TRUE(left.tile->is_single_monitor);
    EXPECT_EQ(left.tile->width, 2560u);
    EXPECT_EQ(left.tile->height, 2880u);
}

TEST(Monitors, of_the_broken_one_the_good_part_is_believed) {
    const Bytes bytes = *find_monitor_edid("broken", DRM_MODE_CONNECTOR_HDMIA);
    EXPECT_FALSE(drm::edid::is_whole(Bytes(bytes.begin(), bytes.end() - 1)));
    const auto edid = drm::edid::parse(bytes);
    ASSERT_TRUE(edid.ok());
    EXPECT_TRUE(has_mode(*edid, 1024, 768, 60));
}

}  // namespace
}  // namespace plugboard::daemon
