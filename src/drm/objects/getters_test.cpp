#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/drm_client.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

struct Resources {
    std::vector<uint32_t> fbs, crtcs, connectors, encoders;
    drm_mode_card_res raw{};
};

Resources resources_of(Client& client) {
    Resources all;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETRESOURCES, all.raw), 0);
    all.fbs.resize(all.raw.count_fbs);
    all.crtcs.resize(all.raw.count_crtcs);
    all.connectors.resize(all.raw.count_connectors);
    all.encoders.resize(all.raw.count_encoders);
    all.raw.fb_id_ptr = reinterpret_cast<uintptr_t>(all.fbs.data());
    all.raw.crtc_id_ptr = reinterpret_cast<uintptr_t>(all.crtcs.data());
    all.raw.connector_id_ptr = reinterpret_cast<uintptr_t>(all.connectors.data());
    all.raw.encoder_id_ptr = reinterpret_cast<uintptr_t>(all.encoders.data());
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETRESOURCES, all.raw), 0);
    return all;
}

TEST(Getters, GETRESOURCES_lists_own_framebuffers_newest_first) {
    Board board;
    Client client(board.drm());
    Client other(board.drm());
    other.add_fb();
    const uint32_t first = client.add_fb(), second = client.add_fb();
    const Resources all = resources_of(client);
    EXPECT_EQ(all.fbs, (std::vector{second, first}));
    EXPECT_EQ(all.crtcs, std::vector{raw(board.crtc().id())});
    EXPECT_EQ(all.encoders.size(), 2u);
    EXPECT_EQ(all.raw.min_width, 10u);
    EXPECT_EQ(all.raw.max_height, 8192u);
}

TEST(Getters, GETRESOURCES_hides_writeback_connectors_without_the_cap) {
    Board board;
    Client client(board.drm());
    EXPECT_EQ(resources_of(client).connectors, std::vector{raw(board.screen()->id())});
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_ATOMIC), 0);
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_WRITEBACK_CONNECTORS), 0);
    EXPECT_EQ(resources_of(client).connectors,
              (std::vector{raw(board.writeback()->id()), raw(board.screen()->id())}));
}

TEST(Getters, GETRESOURCES_fills_as_much_as_there_is_room) {
    Board board;
    Client client(board.drm());
    uint32_t encoder = 0;
    drm_mode_card_res all{};
    all.count_encoders = 1;
    all.encoder_id_ptr = reinterpret_cast<uintptr_t>(&encoder);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETRESOURCES, all), 0);
    EXPECT_EQ(all.count_encoders, 2u);
    EXPECT_EQ(encoder, raw(board.drm().mode_config().encoders[0]->id()));
}

TEST(Getters, GETPLANERESOURCES_shows_overlays_alone_without_universal_planes) {
    Board board({.has_overlay = true});
    Client client(board.drm());
    drm_mode_get_plane_res planes{};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPLANERESOURCES, planes), 0);
    EXPECT_EQ(planes.count_planes, 1u);
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_UNIVERSAL_PLANES), 0);
    uint32_t ids[3] = {};
    planes = {.plane_id_ptr = reinterpret_cast<uintptr_t>(ids), .count_planes = 3};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPLANERESOURCES, planes), 0);
    EXPECT_EQ(planes.count_planes, 3u);
    EXPECT_EQ(ids[0], raw(board.primary().id()));
    planes = {.plane_id_ptr = 8, .count_planes = 1};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPLANERESOURCES, planes), EFAULT);
}

TEST(Getters, GETPLANE_gives_the_formats_only_when_all_fit) {
    Board board;
    Client client(board.drm());
    std::vector<uint32_t> formats(6);
    drm_mode_get_plane plane{};
    plane.plane_id = raw(board.primary().id());
    plane.count_format_types = 5;
    plane.format_type_ptr = 8;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPLANE, plane), 0);
    EXPECT_EQ(plane.count_format_types, 6u);
    EXPECT_EQ(plane.possible_crtcs, 1u);
    EXPECT_EQ(plane.crtc_id, 0u);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPLANE, plane), EFAULT);
    plane.format_type_ptr = reinterpret_cast<uintptr_t>(formats.data());
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPLANE, plane), 0);
    EXPECT_EQ(formats[0], uint32_t{DRM_FORMAT_XRGB8888});
}

TEST(Getters, unknown_objects_are_ENOENT_and_named) {
    Board board;
    Client client(board.drm());
    drm_mode_crtc crtc{};
    crtc.crtc_id = raw(board.primary().id());
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETCRTC, crtc), ENOENT);
    EXPECT_EQ(client.reason(), "there is no CRTC " + std::to_string(crtc.crtc_id));
    drm_mode_get_plane plane{};
    plane.plane_id = 7777;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPLANE, plane), ENOENT);
    EXPECT_EQ(client.reason(), "there is no plane 7777");
    drm_mode_get_encoder encoder{};
    encoder.encoder_id = 7777;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETENCODER, encoder), ENOENT);
    EXPECT_EQ(client.reason(), "there is no encoder 7777");
    drm_mode_get_connector connector{};
    connector.connector_id = 7777;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETCONNECTOR, connector), ENOENT);
    EXPECT_EQ(client.reason(), "there is no connector 7777");
    drm_mode_crtc_lut gamma{};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETGAMMA, gamma), ENOENT);
    EXPECT_EQ(client.reason(), "there is no CRTC 0");
}

TEST(Getters, GETENCODER_says_what_it_can_drive) {
    Board board;
    Client client(board.drm());
    drm_mode_get_encoder encoder{};
    encoder.encoder_id = raw(board.drm().mode_config().encoders[1]->id());
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETENCODER, encoder), 0);
    EXPECT_EQ(encoder.encoder_type, uint32_t{DRM_MODE_ENCODER_VIRTUAL});
    EXPECT_EQ(encoder.possible_crtcs, 1u);
    EXPECT_EQ(encoder.possible_clones, 3u);
    EXPECT_EQ(encoder.crtc_id, 0u);
}

drm_mode_get_connector connector_of(Client& client, uint32_t id, uint32_t count_modes = 0) {
    static std::vector<drm_mode_modeinfo> unused(100);
    drm_mode_get_connector connector{};
    connector.connector_id = id;
    connector.count_modes = count_modes;
    connector.modes_ptr = reinterpret_cast<uintptr_t>(unused.data());
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETCONNECTOR, connector), 0);
    return connector;
}

TEST(Getters, GETCONNECTOR_probes_for_the_master_that_gives_no_room) {
    Board board;
    Client master(board.drm());
    Client other(board.drm());
    const uint32_t screen = raw(board.screen()->id());
    EXPECT_EQ(connector_of(other, screen).connection, 3u);
    EXPECT_EQ(connector_of(master, screen, 1).connection, 3u);
    const auto probed = connector_of(master, screen);
    EXPECT_EQ(probed.connection, 1u);
    EXPECT_EQ(probed.count_modes, 34u);
    EXPECT_EQ(probed.connector_type, uint32_t{DRM_MODE_CONNECTOR_VIRTUAL});
    EXPECT_EQ(probed.connector_type_id, 1u);
    EXPECT_EQ(probed.subpixel, 0u);
    EXPECT_EQ(probed.encoder_id, 0u);
    EXPECT_EQ(probed.count_encoders, 1u);
    EXPECT_EQ(connector_of(other, screen).count_modes, 34u);
}

TEST(Getters, GETCONNECTOR_has_the_preferred_mode_first) {
    Board board;
    Client client(board.drm());
    const uint32_t screen = raw(board.screen()->id());
    connector_of(client, screen);
    std::vector<drm_mode_modeinfo> modes(34);
    drm_mode_get_connector connector{};
    connector.connector_id = screen;
    connector.count_modes = 34;
    connector.modes_ptr = reinterpret_cast<uintptr_t>(modes.data());
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETCONNECTOR, connector), 0);
    EXPECT_STREQ(modes[0].name, "1024x768");
    EXPECT_EQ(modes[0].type, 0x48u);
    EXPECT_STREQ(modes[1].name, "4096x2160");
    connector.modes_ptr = 8;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETCONNECTOR, connector), EFAULT);
}

TEST(Getters, GETCONNECTOR_shows_atomic_properties_with_the_cap_only) {
    Board board;
    Client client(board.drm());
    const uint32_t screen = raw(board.screen()->id());
    EXPECT_EQ(connector_of(client, screen, 1).count_props, 4u);
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_ATOMIC), 0);
    EXPECT_EQ(connector_of(client, screen, 1).count_props, 5u);
}

TEST(Getters, GETCRTC_of_a_crtc_that_is_off_leaves_the_mode_alone) {
    Board board;
    Client client(board.drm());
    drm_mode_crtc crtc{};
    crtc.crtc_id = raw(board.crtc().id());
    crtc.mode.clock = 7;
    crtc.fb_id = 5;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETCRTC, crtc), 0);
    EXPECT_EQ(crtc.mode_valid, 0u);
    EXPECT_EQ(crtc.mode.clock, 7u);
    EXPECT_EQ(crtc.fb_id, 0u);
    EXPECT_EQ(crtc.gamma_size, 256u);
}

TEST(Getters, GETGAMMA_starts_as_a_straight_line) {
    Board board;
    Client client(board.drm());
    std::vector<uint16_t> red(256), green(256), blue(256);
    drm_mode_crtc_lut gamma{};
    gamma.crtc_id = raw(board.crtc().id());
    gamma.gamma_size = 256;
    gamma.red = reinterpret_cast<uintptr_t>(red.data());
    gamma.green = reinterpret_cast<uintptr_t>(green.data());
    gamma.blue = reinterpret_cast<uintptr_t>(blue.data());
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETGAMMA, gamma), 0);
    EXPECT_EQ(red[0], 0);
    EXPECT_EQ(green[1], 256);
    EXPECT_EQ(blue[255], 65280);
    gamma.blue = 8;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETGAMMA, gamma), EFAULT);
    gamma.gamma_size = 255;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETGAMMA, gamma), EINVAL);
    EXPECT_EQ(client.reason(), "crtc-0: gamma size 255 is not 256");
}

}  // namespace
}  // namespace plugboard::drm
