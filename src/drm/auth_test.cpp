#include <gtest/gtest.h>

#include "drm/handlers.h"
#include "tests/support/drm_client.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

uint32_t magic_of(Client& client) {
    drm_auth auth{};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_MAGIC, auth), 0);
    return auth.magic;
}

int authenticate(Client& by, uint32_t magic) {
    drm_auth auth{.magic = magic};
    return by.ioctl(DRM_IOCTL_AUTH_MAGIC, auth);
}

bool is_authenticated(Client& client) {
    drm_client who{};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_CLIENT, who), 0);
    return who.auth != 0;
}

int set_master(Client& client) {
    return client.ioctl(DRM_IOCTL_SET_MASTER, nullptr);
}

int drop_master(Client& client) {
    return client.ioctl(DRM_IOCTL_DROP_MASTER, nullptr);
}

TEST(Auth, the_first_opener_is_master_and_authenticated) {
    Board board;
    Client first(board.drm());
    Client second(board.drm());
    EXPECT_TRUE(is_current_master(first.file()));
    EXPECT_TRUE(is_authenticated(first));
    EXPECT_FALSE(is_current_master(second.file()));
    EXPECT_FALSE(is_authenticated(second));
}

TEST(Auth, root_is_authenticated_but_not_master_beside_a_master) {
    Board board;
    Client first(board.drm());
    Client root(board.drm(), {.uid = 0});
    EXPECT_TRUE(is_authenticated(root));
    EXPECT_FALSE(is_current_master(root.file()));
}

TEST(Auth, a_magic_is_the_same_each_time_and_lets_the_file_in_once) {
    Board board;
    Client master(board.drm());
    Client client(board.drm());
    const uint32_t magic = magic_of(client);
    EXPECT_EQ(magic, 1u);
    EXPECT_EQ(magic_of(client), magic);

    EXPECT_EQ(authenticate(master, magic), 0);
    EXPECT_TRUE(is_authenticated(client));
    EXPECT_EQ(authenticate(master, magic), EINVAL);
    EXPECT_EQ(master.reason(), "magic 1 is unknown to this master, or was used");
    EXPECT_EQ(magic_of(client), magic);
}

TEST(Auth, magic_0_and_unknown_magics_are_refused) {
    Board board;
    Client master(board.drm());
    EXPECT_EQ(authenticate(master, 0), EINVAL);
    EXPECT_EQ(authenticate(master, 17), EINVAL);
    EXPECT_EQ(master.reason(), "magic 17 is unknown to this master, or was used");
}

TEST(Auth, a_magic_goes_with_its_file_and_its_number_returns) {
    Board board;
    Client master(board.drm());
    {
        Client client(board.drm());
        EXPECT_EQ(magic_of(client), 1u);
    }
    EXPECT_EQ(authenticate(master, 1), EINVAL);
    Client next(board.drm());
    EXPECT_EQ(magic_of(next), 1u);
}

TEST(Auth, set_master_by_a_stranger_says_why_not) {
    Board board;
    Client master(board.drm());
    Client client(board.drm());
    EXPECT_EQ(set_master(client), EACCES);
    EXPECT_EQ(client.reason(),
              "the file has never been master in this process, and the caller is not root");
    EXPECT_EQ(drop_master(client), EACCES);
    EXPECT_EQ(client.reason(),
              "the file has never been master in this process, and the caller is not root");
}

TEST(Auth, root_waits_until_the_master_drops) {
    Board board;
    Client master(board.drm());
    Client root(board.drm(), {.uid = 0});
    EXPECT_EQ(set_master(root), EBUSY);
    EXPECT_EQ(root.reason(), "another file is master");
    EXPECT_EQ(drop_master(root), EINVAL);
    EXPECT_EQ(root.reason(), "the file is not the current master");

    EXPECT_EQ(drop_master(master), 0);
    EXPECT_EQ(set_master(root), 0);
    EXPECT_EQ(set_master(root), 0);
    EXPECT_TRUE(is_current_master(root.file()));
    EXPECT_EQ(set_master(master), EBUSY);
}

TEST(Auth, who_has_been_master_may_be_it_again_in_the_same_process_only) {
    Board board;
    Client client(board.drm());
    EXPECT_EQ(drop_master(client), 0);
    EXPECT_EQ(client.ioctl_as({.pid = 1, .uid = 1000, .gid = 1000}, DRM_IOCTL_SET_MASTER, nullptr),
              EACCES);
    EXPECT_EQ(set_master(client), 0);
    EXPECT_TRUE(is_current_master(client.file()));
}

TEST(Auth, after_the_masters_close_the_next_opener_is_master_and_the_others_are_not) {
    Board board;
    auto master = std::make_unique<Client>(board.drm());
    Client other(board.drm());
    EXPECT_EQ(authenticate(*master, magic_of(other)), 0);
    master.reset();
    EXPECT_FALSE(is_current_master(other.file()));
    EXPECT_TRUE(is_authenticated(other));
    Client next(board.drm());
    EXPECT_TRUE(is_current_master(next.file()));
}

TEST(Auth, a_new_master_object_has_new_magics) {
    Board board;
    Client master(board.drm());
    Client root(board.drm(), {.uid = 0});
    Client other(board.drm());
    EXPECT_EQ(magic_of(root), 1u);
    EXPECT_EQ(magic_of(other), 2u);
    EXPECT_EQ(drop_master(master), 0);
    EXPECT_EQ(set_master(root), 0);
    EXPECT_EQ(authenticate(root, 2), EINVAL) << "the magic of a file below another master";
}

TEST(Auth, a_render_node_has_no_master) {
    Board board(tests::vgem_card());
    Client renderer(board.drm(), {.node = NodeType::Render});
    EXPECT_FALSE(is_current_master(renderer.file()));
    EXPECT_EQ(set_master(renderer), EACCES);
    Client card(board.drm());
    EXPECT_TRUE(is_current_master(card.file()));
}

}  // namespace
}  // namespace plugboard::drm
