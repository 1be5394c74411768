// The optional properties of a connector: what clients read, set and are refused.
#include "drm/objects/connector_properties.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <vector>

#include "drm/hotplug.h"
#include "tests/support/drm_client.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

constexpr uint32_t modeset = DRM_MODE_ATOMIC_ALLOW_MODESET;

/// As a real driver's DisplayPort has them.
tests::CardInfo card_with_options() {
    tests::CardInfo card;
    card.screen.type = DRM_MODE_CONNECTOR_DisplayPort;
    card.screen.options = {.subconnector = true,
                           .min_bpc = 8,
                           .max_bpc = 16,
                           .content_type = true,
                           .colorspaces = Colorspaces::DisplayPort,
                           .hdr_output_metadata = true,
                           .vrr_capable = true,
                           .panel_orientation = PanelOrientation::LeftSideUp,
                           .path = true};
    card.screen.path = "mst:41-1-8";
    return card;
}

class ConnectorProperties : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_EQ(client_.set_cap(DRM_CLIENT_CAP_ATOMIC), 0);
        drm_mode_get_connector probe{};
        probe.connector_id = screen_;
        ASSERT_EQ(client_.ioctl(DRM_IOCTL_MODE_GETCONNECTOR, probe), 0);
    }
    struct Read {
        uint32_t id = 0;
        uint64_t value = 0;
    };
    std::vector<std::string> read() {
        std::array<uint32_t, 32> ids{};
        std::array<uint64_t, 32> values{};
        drm_mode_obj_get_properties all{};
        all.obj_id = screen_;
        all.count_props = ids.size();
        all.props_ptr = reinterpret_cast<uintptr_t>(ids.data());
        all.prop_values_ptr = reinterpret_cast<uintptr_t>(values.data());
        EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, all), 0);
        std::vector<std::string> names;
        for (size_t i = 0; i < all.count_props; ++i) {
            drm_mode_get_property one{};
            one.prop_id = ids.at(i);
            EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GETPROPERTY, one), 0);
            names.emplace_back(one.name);
            read_[one.name] = {ids.at(i), values.at(i)};
        }
        return names;
    }
    uint32_t read_id(const std::string& name) {
        read();
        return read_.at(name).id;
    }
    uint64_t value(const std::string& name) {
        read();
        return read_.at(name).value;
    }
    int set(uint32_t object, uint32_t property, uint64_t value, uint32_t flags) {
        uint32_t count = 1;
        drm_mode_atomic request{};
        request.flags = flags;
        request.count_objs = 1;
        request.objs_ptr = reinterpret_cast<uintptr_t>(&object);
        request.count_props_ptr = reinterpret_cast<uintptr_t>(&count);
        request.props_ptr = reinterpret_cast<uintptr_t>(&property);
        request.prop_values_ptr = reinterpret_cast<uintptr_t>(&value);
        return client_.ioctl(DRM_IOCTL_MODE_ATOMIC, request);
    }
    int set(const std::string& name, uint64_t value, uint32_t flags = 0) {
        read();
        return set(screen_, read_.at(name).id, value, flags);
    }
    void turn_on() {
        drm_mode_crtc crtc{};
        crtc.set_connectors_ptr = reinterpret_cast<uintptr_t>(&screen_);
        crtc.count_connectors = 1;
        crtc.crtc_id = raw(board_.crtc().id());
        crtc.fb_id = client_.add_fb();
        crtc.mode_valid = 1;
        crtc.mode = Mode::cvt(1024, 768, 60).to_user(AspectBits::Hide);
        ASSERT_EQ(client_.ioctl(DRM_IOCTL_MODE_SETCRTC, crtc), 0) << client_.reason();
    }
    std::string state_text() {
        for (const DebugFile& file : board_.drm().debug_files())
            if (file.path == "state") return *file.show();
        return {};
    }

    Board board_{card_with_options()};
    Client client_{board_.drm()};
    uint32_t screen_ = raw(board_.screen()->id());
    std::map<std::string, Read> read_;
};

TEST_F(ConnectorProperties, come_after_the_standard_ones_in_order) {
    EXPECT_EQ(read(), (std::vector<std::string>{"EDID", "DPMS", "link-status", "non-desktop",
                                                "TILE", "CRTC_ID", "subconnector", "max bpc",
                                                "content type", "Colorspace", "HDR_OUTPUT_METADATA",
                                                "vrr_capable", "panel orientation", "PATH"}));
}

TEST_F(ConnectorProperties, have_the_values_of_the_driver_at_the_start) {
    EXPECT_EQ(value("max bpc"), 16u) << "the most there is";
    EXPECT_EQ(value("Colorspace"), 0u);
    EXPECT_EQ(value("content type"), 0u);
    EXPECT_EQ(value("HDR_OUTPUT_METADATA"), 0u);
    EXPECT_EQ(value("panel orientation"), 2u);
    EXPECT_EQ(value("subconnector"), uint64_t{DRM_MODE_SUBCONNECTOR_Native});
    std::array<char, 64> path{};
    drm_mode_get_blob get{};
    get.blob_id = static_cast<uint32_t>(value("PATH"));
    ASSERT_EQ(client_.ioctl(DRM_IOCTL_MODE_GETPROPBLOB, get), 0);
    get.data = reinterpret_cast<uintptr_t>(path.data());
    ASSERT_EQ(client_.ioctl(DRM_IOCTL_MODE_GETPROPBLOB, get), 0);
    EXPECT_EQ(get.length, 11u) << "with its closing 0";
    EXPECT_STREQ(path.data(), "mst:41-1-8");
}

TEST_F(ConnectorProperties, that_tell_of_the_screen_cannot_be_set) {
    for (const char* name : {"subconnector", "vrr_capable", "panel orientation", "PATH", "TILE"})
        EXPECT_EQ(set(name, value(name)), EINVAL) << name;
    EXPECT_NE(client_.reason().find("immutable"), std::string::npos) << client_.reason();
}

TEST_F(ConnectorProperties, take_their_values_and_no_others) {
    EXPECT_EQ(set("Colorspace", 9), 0) << client_.reason();
    EXPECT_EQ(value("Colorspace"), 9u);
    EXPECT_EQ(set("Colorspace", 1), EINVAL) << "SMPTE_170M_YCC is HDMI's";
    EXPECT_EQ(set("Colorspace", 16), EINVAL);
    EXPECT_EQ(set("content type", 4), 0) << client_.reason();
    EXPECT_EQ(value("content type"), 4u);
    EXPECT_EQ(set("content type", 5), EINVAL);
    EXPECT_EQ(set("max bpc", 10), 0) << client_.reason();
    EXPECT_EQ(value("max bpc"), 10u);
    EXPECT_EQ(set("max bpc", 7), EINVAL);
    EXPECT_EQ(set("max bpc", 17), EINVAL);
    EXPECT_EQ(value("max bpc"), 10u);
    const std::string state = state_text();
    EXPECT_NE(state.find("max_requested_bpc=10\n\tcolorspace=BT2020_RGB\n"), std::string::npos)
        << state;
}

TEST_F(ConnectorProperties, max_bpc_of_a_screen_that_is_on_is_a_modeset_the_others_are_not) {
    turn_on();
    EXPECT_EQ(set("max bpc", 12), EINVAL);
    EXPECT_EQ(set("max bpc", 16), 0) << "the same";
    EXPECT_EQ(set("max bpc", 12, modeset), 0) << client_.reason();
    EXPECT_EQ(set("Colorspace", 9), 0) << client_.reason();
    EXPECT_EQ(set("content type", 3), 0) << client_.reason();
    const hdr_output_metadata metadata{};
    EXPECT_EQ(set("HDR_OUTPUT_METADATA", client_.add_blob(&metadata, sizeof metadata)), 0)
        << client_.reason();
}

TEST_F(ConnectorProperties, max_bpc_of_another_range_is_another_property) {
    ConnectorInfo info{.type = DRM_MODE_CONNECTOR_DisplayPort,
                       .encoders = board_.screen()->info().encoders,
                       .writeback_formats = {},
                       .options = {.min_bpc = 6, .max_bpc = 12}};
    EXPECT_EQ(add_connector(board_.drm(), info).error(), Errno::Inval) << "it is not there";
    board_.drm().mode_config().add_connector_properties(info.options);
    const auto other = add_connector(board_.drm(), info);
    ASSERT_TRUE(other.ok());
    const uint32_t first = read_id("max bpc");
    screen_ = raw((*other)->id());
    EXPECT_NE(read_id("max bpc"), first);
    EXPECT_EQ(set("max bpc", 6), 0) << client_.reason();
    EXPECT_EQ(value("max bpc"), 6u);
    EXPECT_EQ(set("max bpc", 13), EINVAL);
}

TEST_F(ConnectorProperties, HDR_metadata_is_a_blob_of_its_size) {
    std::array<std::byte, sizeof(hdr_output_metadata) + 1> bytes{};
    const uint32_t good = client_.add_blob(bytes.data(), sizeof(hdr_output_metadata));
    EXPECT_EQ(set("HDR_OUTPUT_METADATA", client_.add_blob(bytes.data(), bytes.size())), EINVAL);
    EXPECT_NE(client_.reason().find("bytes"), std::string::npos) << client_.reason();
    EXPECT_EQ(set("HDR_OUTPUT_METADATA", client_.add_blob(bytes.data(), 1)), EINVAL);
    EXPECT_EQ(set("HDR_OUTPUT_METADATA", screen_), EINVAL) << "no blob";
    EXPECT_EQ(set("HDR_OUTPUT_METADATA", good), 0) << client_.reason();
    EXPECT_EQ(value("HDR_OUTPUT_METADATA"), good);
    drm_mode_destroy_blob destroy{good};
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_DESTROYPROPBLOB, destroy), 0);
    EXPECT_EQ(value("HDR_OUTPUT_METADATA"), good) << "the state holds it";
    EXPECT_EQ(set("HDR_OUTPUT_METADATA", 0), 0);
    drm_mode_get_blob get{};
    get.blob_id = good;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GETPROPBLOB, get), ENOENT);
}

TEST_F(ConnectorProperties, are_not_set_on_a_device_that_is_gone) {
    read();
    board_.unplug();
    EXPECT_EQ(set(screen_, read_.at("max bpc").id, 10, modeset), ENODEV);
}

TEST(ConnectorPropertiesOf, the_default_driver_are_the_standard_ones) {
    Board board;
    EXPECT_EQ(board.screen()->properties().size(), 5u);
    EXPECT_TRUE(board.drm().mode_config().properties.max_bpc.empty());
}

TEST(TileText, is_the_kernels_with_its_closing_0) {
    const edid::Tile tile{.columns = 2, .column = 1, .width = 2560, .height = 2880};
    EXPECT_EQ(tile_text(tile, 3), std::string("3:1:2:1:1:0:2560:2880") + '\0');
}

TEST(DisplayInfo, can_vary_its_rate_by_more_than_10_Hz_from_a_rate_on) {
    const auto can_vary = [](uint32_t least, uint32_t most) {
        return DisplayInfo{.vrr_min_hz = least, .vrr_max_hz = most}.is_vrr_capable();
    };
    EXPECT_TRUE(can_vary(48, 59));
    EXPECT_FALSE(can_vary(48, 58));
    EXPECT_FALSE(can_vary(0, 144));
    EXPECT_FALSE(can_vary(0, 0));
}

}  // namespace
}  // namespace plugboard::drm
