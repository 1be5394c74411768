// A running card's screens: plugged, changed and unplugged by the driver, seen by a client.
#include "drivers/vkms/ports.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "drivers/vkms/test_board.h"
#include "drm/edid/description.h"
#include "drm/edid/timings.h"
#include "drm/objects/mode_config.h"

namespace plugboard::vkms {
namespace {

constexpr uint32_t connected = 1, disconnected = 2;

std::vector<std::byte> edid_of(uint32_t width, uint32_t height) {
    drm::edid::Description description;
    description.timings = {*drm::edid::timings_for(width, height, 60)};
    return *drm::edid::build(description);
}

Config two_screens() {
    Config config;
    config.writeback = false;
    config.screens = {
        {.edid = edid_of(1920, 1080),
         .connector = {.type = DRM_MODE_CONNECTOR_DisplayPort, .number = 2}},
        {.connected = false, .connector = {.type = DRM_MODE_CONNECTOR_HDMIA}},
    };
    return config;
}

class Screens : public testing::Test {
  protected:
    Ref<drm::Connector> connector(size_t index) { return drm_->mode_config().connectors.at(index); }
    Result<void> plug(size_t index, ScreenConfig screen) {
        return plug_screen(*drm_, connector(index), std::move(screen));
    }
    uint32_t status(size_t index) {
        uint32_t status = 0;
        modes_ = client_->probe(client_->connectors.at(index), &status);
        return status;
    }

    TestBoard board_{two_screens()};
    Ref<drm::Device> drm_ = board_.drm();
    std::optional<TestClient> client_{std::in_place, *drm_};
    std::vector<drm_mode_modeinfo> modes_;
};

TEST_F(Screens, have_the_connectors_of_the_config) {
    EXPECT_EQ(connector(0)->name(), "DP-2");
    EXPECT_EQ(connector(1)->name(), "HDMI-A-1");
    EXPECT_EQ(status(0), connected);
    EXPECT_STREQ(modes_.at(0).name, "1920x1080");
    EXPECT_EQ(status(1), disconnected);
}

TEST_F(Screens, are_plugged_in_and_pulled_while_the_card_runs) {
    ASSERT_TRUE(plug(1, {.edid = edid_of(1280, 1024)}).ok());
    EXPECT_EQ(status(1), connected);
    EXPECT_STREQ(modes_.at(0).name, "1280x1024");
    EXPECT_EQ(screen_at(*drm_, *connector(1))->connector.type, DRM_MODE_CONNECTOR_HDMIA)
        << "the connector stays what it is";
    ASSERT_TRUE(plug(0, {.connected = false}).ok());
    EXPECT_EQ(status(0), disconnected);
    EXPECT_TRUE(modes_.empty());
}

TEST_F(Screens, without_an_EDID_have_the_fallback_modes) {
    ASSERT_TRUE(plug(1, {}).ok());
    EXPECT_EQ(status(1), connected);
    EXPECT_STREQ(modes_.at(0).name, "1024x768");
    EXPECT_EQ(client_->property(client_->connectors.at(1), "EDID").value, 0u);
}

TEST_F(Screens, EDID_property_is_what_is_plugged_in) {
    status(0);
    const auto first = client_->property(client_->connectors.at(0), "EDID").value;
    EXPECT_EQ(client_->blob(first), edid_of(1920, 1080));
    ASSERT_TRUE(plug(0, {.edid = edid_of(1280, 720)}).ok());
    const auto second = client_->property(client_->connectors.at(0), "EDID").value;
    EXPECT_NE(second, first);
    EXPECT_EQ(client_->blob(second), edid_of(1280, 720));
}

TEST_F(Screens, the_same_one_again_is_no_news) {
    status(0);
    const ScreenConfig now = *screen_at(*drm_, *connector(0));
    class Events final : public device::Watcher {
      public:
        void uevent(const device::Device&, const device::Uevent&) override { ++count; }
        int count = 0;
    } events;
    board_.model.add_watcher(events);
    EXPECT_TRUE(plug(0, now).ok());
    EXPECT_EQ(events.count, 0);
    EXPECT_TRUE(plug(0, {.connected = false}).ok());
    EXPECT_EQ(events.count, 1);
    board_.model.remove_watcher(events);
}

TEST_F(Screens, cannot_be_changed_once_the_card_is_gone) {
    const Ref<drm::Connector> screen = connector(0);
    client_.reset();
    board_.unplug();
    EXPECT_EQ(plug_screen(*drm_, screen, {}).error(), Errno::NoDev);
    EXPECT_EQ(screen_at(*drm_, *screen).error(), Errno::NoDev);
}

TEST(VirtualScreens, have_no_EDID_and_writeback_connectors_no_screen) {
    TestBoard board;
    const Ref<drm::Device> drm = board.drm();
    const auto& connectors = drm->mode_config().connectors;
    EXPECT_EQ(plug_screen(*drm, connectors.at(0), {.edid = edid_of(1280, 720)}).error(),
              Errno::Inval);
    EXPECT_TRUE(plug_screen(*drm, connectors.at(0), {.connected = false}).ok());
    EXPECT_EQ(plug_screen(*drm, connectors.at(1), {}).error(), Errno::Inval);
}

TEST(ScreenConnectors, that_are_wrong_are_refused_with_the_key) {
    const auto first_error = [](std::vector<ScreenConfig> screens) {
        Config config;
        config.screens = std::move(screens);
        const auto errors = validate(config);
        return errors.empty() ? "" : errors.front().key + ": " + errors.front().message;
    };
    const ConnectorConfig dp_1{.type = DRM_MODE_CONNECTOR_DisplayPort, .number = 1};
    EXPECT_EQ(first_error({{.connector = dp_1}, {.connector = {DRM_MODE_CONNECTOR_HDMIA, 1}}}), "");
    EXPECT_EQ(first_error({{.connector = dp_1}, {.connector = dp_1}}),
              "screens[1].connector: DP-1 is the connector of screens[0] already");
    EXPECT_EQ(first_error({{.connector = {DRM_MODE_CONNECTOR_WRITEBACK, 0}}}),
              "screens[0].connector: no screen can be plugged in there");
    EXPECT_EQ(first_error({{.connector = {DRM_MODE_CONNECTOR_DisplayPort, 32}}}),
              "screens[0].connector: no screen can be plugged in there");
    EXPECT_EQ(first_error({{.edid = edid_of(640, 480)}}),
              "screens[0].connector: a Virtual connector has no EDID");
    EXPECT_EQ(first_error({{.edid = std::vector<std::byte>(32769), .connector = dp_1}}),
              "screens[0].edid: 32769 bytes are no EDID");
}

}  // namespace
}  // namespace plugboard::vkms
