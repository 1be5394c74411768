#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <thread>

#include "tests/support/drm_client.h"
#include "tests/support/reference_files.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::CardInfo;
using tests::Client;
using tests::result_name;

/// The lines of kms-errno.txt that start with the word and a number.
void compare_caps(const char* reference, const CardInfo& info) {
    Board board(info);
    int lines = 0;
    for (const std::string& line : tests::reference_lines(reference)) {
        unsigned long long cap = 0, value = 0;
        char answer[32] = "";
        Client client(board.drm());
        if (std::sscanf(line.c_str(), "SET_CLIENT_CAP %llu = %llu %31s", &cap, &value, answer) ==
            3) {
            EXPECT_EQ(result_name(client.set_cap(cap, value)), answer) << line;
            lines++;
        } else if (std::sscanf(line.c_str(), "GET_CAP %llx %31s %llu", &cap, answer, &value) >= 2) {
            drm_get_cap get{.capability = cap, .value = 77};
            EXPECT_EQ(result_name(client.ioctl(DRM_IOCTL_GET_CAP, get)), answer) << line;
            EXPECT_EQ(get.value, value) << line;
            lines++;
        }
    }
    EXPECT_GT(lines, 40);
}

TEST(Caps, are_those_of_linux_7_2) {
    compare_caps("linux-7.2/kms-errno.txt", {});
}

TEST(Caps, are_those_of_linux_6_1_under_its_profile) {
    compare_caps("linux-6.1/kms-errno.txt", tests::linux_6_1_card());
}

TEST(Caps, atomic_switches_planes_and_aspect_ratio_on_and_off) {
    Board board;
    Client client(board.drm());
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_ATOMIC), 0);
    EXPECT_TRUE(client.file().caps().universal_planes);
    EXPECT_TRUE(client.file().caps().aspect_ratio);
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_ATOMIC, 0), 0);
    EXPECT_FALSE(client.file().caps().universal_planes);
}

TEST(Caps, each_refusal_says_why) {
    Board board;
    Client client(board.drm());
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_STEREO_3D, 2), EINVAL);
    EXPECT_EQ(client.reason(), "client cap 1: value 2 is above 1");
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_ATOMIC, 3), EINVAL);
    EXPECT_EQ(client.reason(), "client cap 3: value 3 is above 2");
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_WRITEBACK_CONNECTORS), EINVAL);
    EXPECT_EQ(client.reason(), "client cap 5 needs the atomic cap");
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_CURSOR_PLANE_HOTSPOT), EOPNOTSUPP);
    EXPECT_EQ(client.reason(), "client cap 6: the driver's cursor planes have no hot spot");
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_ATOMIC), 0);
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_WRITEBACK_CONNECTORS), 0);
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE), EOPNOTSUPP);
    EXPECT_EQ(client.reason(), "client cap 7: the driver's planes have no colour pipeline");
    EXPECT_EQ(client.set_cap(99), EINVAL);
    EXPECT_EQ(client.reason(), "there is no client cap 99");
    drm_get_cap cap{.capability = 0x99, .value = 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_CAP, cap), EINVAL);
    EXPECT_EQ(client.reason(), "there is no cap 0x99");
}

TEST(Caps, the_x_server_does_not_get_atomic) {
    Board board;
    Client client(board.drm(), {.command = "Xorg"});
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_ATOMIC, 1), EOPNOTSUPP);
    EXPECT_EQ(client.reason(), "Xorg uses atomic wrongly");
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_ATOMIC, 2), 0);
}

TEST(Caps, without_modeset_only_the_general_ones_exist) {
    Board board(tests::vgem_card());
    Client client(board.drm());
    drm_get_cap cap{.capability = DRM_CAP_TIMESTAMP_MONOTONIC, .value = 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_CAP, cap), 0);
    EXPECT_EQ(cap.value, 1u);
    cap.capability = DRM_CAP_DUMB_BUFFER;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_CAP, cap), EOPNOTSUPP);
    EXPECT_EQ(client.reason(), "cap 0x1 is one of devices with modeset");
}

TEST(Caps, two_threads_may_set_one_each) {
    Board board;
    Client client(board.drm());
    for (int i = 0; i < 500; i++) {
        const auto value = static_cast<uint64_t>(i % 2);
        std::thread other([&] { client.set_cap(DRM_CLIENT_CAP_STEREO_3D, value); });
        client.set_cap(DRM_CLIENT_CAP_ASPECT_RATIO, value);
        other.join();
        const ClientCaps caps = client.file().caps();
        ASSERT_EQ(caps.stereo, value != 0);
        ASSERT_EQ(caps.aspect_ratio, value != 0);
    }
}

}  // namespace
}  // namespace plugboard::drm
