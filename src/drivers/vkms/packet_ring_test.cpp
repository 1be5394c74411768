#include "drivers/vkms/packet_ring.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

namespace plugboard::vkms {
namespace {

constexpr int capacity = 127;
constexpr std::string_view packet = "0x000000b8 0x8186afc9\n";

class PacketRingTest : public ::testing::Test {
  protected:
    PacketRingTest() {
        int ends[2] = {-1, -1};
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        reader_.reset(ends[1]);
        ours_.reset(ends[0]);
    }
    /// Bytes of the next packet; 0 at the end, -1 when there is none now.
    ssize_t read_packet() {
        char bytes[64];
        return recv(reader_.borrow(), bytes, sizeof(bytes), MSG_DONTWAIT);
    }

    UniqueFd reader_, ours_;
};

TEST_F(PacketRingTest, a_read_gives_one_packet) {
    PacketRing ring(std::move(ours_), capacity);
    ring.push(packet);
    ring.push(packet);
    EXPECT_EQ(read_packet(), static_cast<ssize_t>(packet.size()));
    EXPECT_EQ(read_packet(), static_cast<ssize_t>(packet.size()));
    EXPECT_EQ(read_packet(), -1);
}

TEST_F(PacketRingTest, drops_what_does_not_fit_and_keeps_the_old) {
    PacketRing ring(std::move(ours_), capacity);
    for (int i = 0; i < capacity; ++i) ASSERT_EQ(ring.push(packet), PacketRing::Push::Sent) << i;
    EXPECT_EQ(ring.push(packet), PacketRing::Push::Full);
    int count = 0;
    while (read_packet() > 0) ++count;
    EXPECT_EQ(count, capacity);
}

TEST_F(PacketRingTest, has_room_again_after_a_read) {
    PacketRing ring(std::move(ours_), capacity);
    while (ring.push(packet) == PacketRing::Push::Sent) {
    }
    read_packet();
    EXPECT_EQ(ring.push(packet), PacketRing::Push::Sent);
    EXPECT_EQ(ring.push(packet), PacketRing::Push::Full);
}

TEST_F(PacketRingTest, a_hang_up_leaves_what_is_there) {
    PacketRing ring(std::move(ours_), capacity);
    ring.push(packet);
    ring.hang_up();
    pollfd poll_for{.fd = reader_.borrow(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(poll(&poll_for, 1, 0), 1);
    EXPECT_NE(poll_for.revents & POLLHUP, 0);
    EXPECT_GT(read_packet(), 0);
    EXPECT_EQ(read_packet(), 0);
    EXPECT_EQ(ring.push(packet), PacketRing::Push::HungUp);
}

TEST_F(PacketRingTest, a_reader_that_left_is_noticed) {
    PacketRing ring(std::move(ours_), capacity);
    reader_.reset();
    EXPECT_EQ(ring.push(packet), PacketRing::Push::HungUp);
}

}  // namespace
}  // namespace plugboard::vkms
