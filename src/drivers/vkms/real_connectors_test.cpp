// The properties of connectors as real cards have them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "drivers/vkms/ports.h"
#include "drivers/vkms/test_board.h"
#include "drm/edid/description.h"
#include "drm/edid/timings.h"
#include "drm/objects/mode_config.h"

namespace plugboard::vkms {
namespace {

using ::testing::ElementsAre;

TEST(RealConnectors, of_the_full_profile_have_the_properties_of_their_type) {
    Config config = with_profile(Profile::Full);
    config.screens = {{.connector = {.type = DRM_MODE_CONNECTOR_DisplayPort}},
                      {.connector = {.type = DRM_MODE_CONNECTOR_HDMIA}},
                      {.connector = {.type = DRM_MODE_CONNECTOR_eDP,
                                     .panel_orientation = drm::PanelOrientation::RightSideUp}},
                      {.connector = {.type = DRM_MODE_CONNECTOR_VGA}},
                      {}};
    config.writeback = false;
    TestBoard board(config);
    TestClient client(*board.drm());
    const auto names = [&](size_t index) {
        std::vector<std::string> found;
        for (const auto& property : client.properties(client.connectors.at(index)))
            found.push_back(property.name);
        return found;
    };
    EXPECT_THAT(names(0), ElementsAre("EDID", "DPMS", "link-status", "non-desktop", "TILE",
                                      "CRTC_ID", "subconnector", "max bpc", "Colorspace",
                                      "HDR_OUTPUT_METADATA", "vrr_capable"));
    EXPECT_THAT(names(1), ElementsAre("EDID", "DPMS", "link-status", "non-desktop", "TILE",
                                      "CRTC_ID", "max bpc", "content type", "Colorspace",
                                      "HDR_OUTPUT_METADATA", "vrr_capable"));
    EXPECT_THAT(names(2), ElementsAre("EDID", "DPMS", "link-status", "non-desktop", "TILE",
                                      "CRTC_ID", "max bpc", "Colorspace", "HDR_OUTPUT_METADATA",
                                      "vrr_capable", "panel orientation"));
    EXPECT_EQ(client.property(client.connectors[2], "panel orientation").value, 3u);
    EXPECT_THAT(names(3),
                ElementsAre("EDID", "DPMS", "link-status", "non-desktop", "TILE", "CRTC_ID"));
    EXPECT_THAT(names(4), ElementsAre("DPMS", "link-status", "non-desktop", "TILE", "CRTC_ID"));
}

TEST(RealConnectors, of_the_kernels_profiles_have_none_of_them) {
    for (const Profile profile : {Profile::Linux61, Profile::LinuxLatest}) {
        Config config = with_profile(profile);
        config.screens = {{.connector = {.type = DRM_MODE_CONNECTOR_DisplayPort}}};
        config.writeback = false;
        TestBoard board(config);
        TestClient client(*board.drm());
        EXPECT_EQ(client.properties(client.connectors.at(0)).size(), 6u);
    }
}

TEST(RealConnectors, vrr_capable_and_TILE_follow_the_screen) {
    Config config = with_profile(Profile::Full);
    config.writeback = false;
    config.screens = {{.connected = false, .connector = {.type = DRM_MODE_CONNECTOR_DisplayPort}},
                      {.connected = false, .connector = {.type = DRM_MODE_CONNECTOR_DisplayPort}}};
    TestBoard board(config);
    const Ref<drm::Device> drm = board.drm();
    TestClient client(*drm);
    const auto plug = [&](size_t index, std::vector<std::byte> edid) {
        const bool is_there = !edid.empty();
        ASSERT_TRUE(plug_screen(*drm, drm->mode_config().connectors.at(index),
                                {.connected = is_there, .edid = std::move(edid)})
                        .ok());
    };
    const auto value = [&](size_t index, const char* name) {
        return client.property(client.connectors.at(index), name).value;
    };
    const auto tile = [&](size_t index) {
        const auto bytes = client.blob(value(index, "TILE"));
        return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size() - 1);
    };
    const auto half = [](uint32_t column, uint8_t serial) {
        drm::edid::Description tiled;
        tiled.timings = {*drm::edid::timings_for(1280, 1024, 60)};
        tiled.tile = drm::edid::Tile{.topology = {1, 2, 3, 4, 5, serial},
                                     .columns = 2,
                                     .column = column,
                                     .width = 1280,
                                     .height = 1024};
        return *drm::edid::build(tiled);
    };
    drm::edid::Description vrr;
    vrr.timings = {*drm::edid::timings_for(1920, 1080, 60)};
    vrr.vrr_min_hz = 40;
    vrr.vrr_max_hz = 61;
    EXPECT_EQ(value(0, "vrr_capable"), 0u);
    plug(0, *drm::edid::build(vrr));
    EXPECT_EQ(value(0, "vrr_capable"), 1u);
    EXPECT_EQ(value(0, "subconnector"), uint64_t{DRM_MODE_SUBCONNECTOR_Native});
    vrr.vrr_min_hz = 52;
    plug(0, *drm::edid::build(vrr));
    EXPECT_EQ(value(0, "vrr_capable"), 0u) << "a range of 9 Hz";
    plug(0, half(0, 1));
    plug(1, half(1, 1));
    EXPECT_EQ(tile(0), "1:1:2:1:0:0:1280:1024");
    EXPECT_EQ(tile(1), "1:1:2:1:1:0:1280:1024") << "the same group";
    plug(1, half(0, 2));
    EXPECT_EQ(tile(1), "2:1:2:1:0:0:1280:1024") << "another screen";
    plug(0, {});
    EXPECT_EQ(value(0, "TILE"), 0u);
    EXPECT_EQ(value(0, "subconnector"), 0u);
}

}  // namespace
}  // namespace plugboard::vkms
