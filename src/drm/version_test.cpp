#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>

#include "tests/support/drm_client.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

TEST(Version, texts_are_cut_to_the_room_and_lengths_are_the_whole) {
    Board board;
    Client client(board.drm());
    std::array<char, 8> name{}, date{}, description{};
    drm_version version{};
    version.name = name.data();
    version.name_len = name.size();
    version.date = date.data();
    version.date_len = 4;
    version.desc = description.data();
    version.desc_len = 7;

    EXPECT_EQ(client.ioctl(DRM_IOCTL_VERSION, version), 0);
    EXPECT_STREQ(name.data(), "vkms");
    EXPECT_EQ(version.name_len, 4u);
    EXPECT_STREQ(date.data(), "2018");
    EXPECT_EQ(version.date_len, 8u);
    EXPECT_STREQ(description.data(), "Virtual");
    EXPECT_EQ(version.desc_len, 27u);
    EXPECT_EQ(version.version_major, 1);
}

TEST(Version, a_bad_pointer_is_a_fault) {
    Board board;
    Client client(board.drm());
    drm_version version{};
    version.name = reinterpret_cast<char*>(8);
    version.name_len = 4;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_VERSION, version), EFAULT);
}

std::string unique_of(Client& client) {
    std::array<char, 64> text{};
    drm_unique unique{.unique_len = text.size(), .unique = text.data()};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_UNIQUE, unique), 0);
    return std::string(text.data(), unique.unique_len);
}

TEST(Version, unique_is_empty_until_SET_VERSION_and_then_the_parents_name) {
    Board board;
    Client client(board.drm());
    EXPECT_EQ(unique_of(client), "");
    drm_set_version version{
        .drm_di_major = 1, .drm_di_minor = 1, .drm_dd_major = -1, .drm_dd_minor = -1};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_SET_VERSION, version), 0);
    EXPECT_EQ(version.drm_di_minor, 4);
    EXPECT_EQ(version.drm_dd_major, 1);
    EXPECT_EQ(version.drm_dd_minor, 0);
    EXPECT_EQ(unique_of(client), "card");
    Client other(board.drm());
    EXPECT_EQ(unique_of(other), "card");

    drm_unique too_small{.unique_len = 3, .unique = reinterpret_cast<char*>(8)};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_UNIQUE, too_small), 0);
    EXPECT_EQ(too_small.unique_len, 4u);
}

TEST(Version, interface_and_driver_versions_out_of_range_are_refused_and_answered) {
    Board board;
    Client client(board.drm());
    drm_set_version interface {
        .drm_di_major = 1, .drm_di_minor = 5, .drm_dd_major = -1, .drm_dd_minor = -1
    };
    EXPECT_EQ(client.ioctl(DRM_IOCTL_SET_VERSION, interface), EINVAL);
    EXPECT_EQ(client.reason(), "interface version 1.5 is not between 1.0 and 1.4");
    EXPECT_EQ(interface.drm_di_minor, 4);

    drm_set_version driver{
        .drm_di_major = 1, .drm_di_minor = 1, .drm_dd_major = 2, .drm_dd_minor = 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_SET_VERSION, driver), EINVAL);
    EXPECT_EQ(client.reason(), "driver version 2.0 is not between 1.0 and 1.0");
    EXPECT_EQ(unique_of(client), "card") << "what came before the error stays";
}

TEST(Version, GET_CLIENT_knows_one_client) {
    Board board;
    Client client(board.drm());
    drm_client who{};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_CLIENT, who), 0);
    EXPECT_EQ(who.auth, 1);
    EXPECT_EQ(who.pid, 4242u);
    EXPECT_EQ(who.uid, 65534u);
    who.idx = 1;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_CLIENT, who), EINVAL);
    EXPECT_EQ(client.reason(), "client index 1 is not 0");
}

TEST(Version, GET_STATS_is_all_zero) {
    Board board;
    Client client(board.drm());
    drm_stats stats;
    std::memset(&stats, 0x55, sizeof(stats));
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_STATS, stats), 0);
    EXPECT_EQ(stats.count, 0u);
    EXPECT_EQ(stats.data[14].value, 0u);
}

int set_name(Client& client, const std::string& name) {
    drm_set_client_name argument{.name_len = name.size(),
                                 .name = reinterpret_cast<uintptr_t>(name.data())};
    return client.ioctl(DRM_IOCTL_SET_CLIENT_NAME, argument);
}

TEST(Version, a_client_name_is_up_to_64_printable_characters) {
    Board board;
    Client client(board.drm());
    EXPECT_EQ(set_name(client, std::string(64, 'n')), 0);
    EXPECT_EQ(set_name(client, ""), 0);
    EXPECT_EQ(set_name(client, std::string(65, 'n')), EINVAL);
    EXPECT_EQ(client.reason(), "a name of 65 bytes is longer than 64");
    EXPECT_EQ(set_name(client, "two words"), EINVAL);
    EXPECT_EQ(client.reason(), "byte 0x20 in the name is not printable ASCII");
    EXPECT_EQ(set_name(client, std::string("a\0b", 3)), EINVAL);
    EXPECT_EQ(set_name(client, "\xc3\xbc"), EINVAL);
    drm_set_client_name bad{.name_len = 1, .name = 8};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_SET_CLIENT_NAME, bad), EFAULT);
}

}  // namespace
}  // namespace plugboard::drm
