#include "base/labelled_pair.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace plugboard {
namespace {

short ready(int fd) {
    pollfd entry{fd, POLLIN | POLLOUT, 0};
    poll(&entry, 1, 0);
    return entry.revents;
}

TEST(FdLabel, is_read_back_from_the_peers_name) {
    const FdLabel label{FdKind::SyncFile, own_board_id(), 77};
    auto pair = make_labelled_pair(label, PairType::Stream);
    ASSERT_TRUE(pair.ok());
    sockaddr_un address{};
    socklen_t length = sizeof address;
    ASSERT_EQ(getpeername(pair->theirs.borrow(), reinterpret_cast<sockaddr*>(&address), &length),
              0);
    EXPECT_EQ(label_of(address, length), label);
}

TEST(FdLabel, is_nothing_in_an_address_that_only_looks_like_one) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    constexpr std::string_view name = "plugboard/1/c/2";
    name.copy(address.sun_path + 1, name.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    EXPECT_TRUE(label_of(address, length));
    EXPECT_FALSE(label_of(address, sizeof(sa_family_t))) << "no name at all";
    EXPECT_FALSE(label_of(address, sizeof address + 1));
    address.sun_path[0] = '/';
    EXPECT_FALSE(label_of(address, length)) << "a path";
    address.sun_path[0] = '\0';
    address.sun_family = AF_INET;
    EXPECT_FALSE(label_of(address, length)) << "not a local socket";
}

TEST(FdLabel, other_names_are_no_labels) {
    for (const char* name :
         {"", "plugboard/", "plugboard/12", "plugboard/12/c", "plugboard/12/c/", "plugboard/x/c/1",
          "plugboard/12/c/g", "plugboard//c/1", "plugboard/11112222333344445/c/1", "dbus/12/c/1"})
        EXPECT_FALSE(parse_fd_label(name)) << name;
}

TEST(FdLabel, has_another_board_after_a_renewal) {
    const uint64_t before = own_board_id();
    EXPECT_EQ(own_board_id(), before);
    renew_board_id();
    EXPECT_NE(own_board_id(), before);
}

TEST(LabelledPair, the_clients_end_polls_in_but_never_out) {
    for (const PairType type : {PairType::Stream, PairType::Packets, PairType::Datagrams}) {
        auto pair = make_labelled_pair({FdKind::Card, own_board_id(), 1}, type);
        ASSERT_TRUE(pair.ok());
        EXPECT_EQ(ready(pair->theirs.borrow()), 0);
        ASSERT_EQ(send(pair->ours.borrow(), "x", 1, MSG_NOSIGNAL), 1);
        EXPECT_EQ(ready(pair->theirs.borrow()), POLLIN);
    }
}

TEST(LabelledPair, a_stray_write_fails_and_does_not_block) {
    for (const PairType type : {PairType::Stream, PairType::Packets}) {
        auto pair = make_labelled_pair({FdKind::Card, own_board_id(), 1}, type);
        ASSERT_TRUE(pair.ok());
        EXPECT_EQ(write(pair->theirs.borrow(), "x", 1), -1);
        EXPECT_EQ(errno, EAGAIN);
    }
}

TEST(LabelledPair, the_cookie_survives_dup) {
    auto pair = make_labelled_pair({FdKind::Card, own_board_id(), 2}, PairType::Stream);
    ASSERT_TRUE(pair.ok());
    const UniqueFd copy(dup(pair->theirs.borrow()));
    EXPECT_EQ(socket_cookie(copy.borrow()), pair->cookie);
    EXPECT_NE(socket_cookie(pair->ours.borrow()), pair->cookie);
    EXPECT_FALSE(socket_cookie(-1));
}

}  // namespace
}  // namespace plugboard
