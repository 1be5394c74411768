#include "daemon/session/socket_event_sink.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/labelled_pair.h"
#include "tests/support/shortage.h"

namespace plugboard::daemon {
namespace {

constexpr size_t quota = 4096;
constexpr size_t event_size = sizeof(drm::EventBytes);

struct Pair {
    LabelledPair ends;
    const std::unique_ptr<SocketEventSink> sink;
    int client;

    static LabelledPair make() {
        static uint64_t number = 0;
        auto pair = make_labelled_pair({FdKind::Card, own_board_id(), ++number}, PairType::Stream);
        EXPECT_TRUE(pair.ok());
        return std::move(pair).value();
    }
    static std::unique_ptr<SocketEventSink> make_sink(LabelledPair& ends) {
        auto sink = SocketEventSink::create(std::move(ends.ours), ends.theirs.borrow());
        EXPECT_TRUE(sink.ok());
        return std::move(sink).value();
    }
    Pair() : ends(make()), sink(make_sink(ends)), client(ends.theirs.borrow()) {}

    void push(size_t count) {
        for (size_t i = 0; i < count; i++) {
            drm::EventBytes event{};
            event[0] = static_cast<std::byte>(i);
            sink->push(event);
        }
    }
    ssize_t read_bytes(size_t size) {
        std::array<std::byte, 2 * quota> bytes;
        return recv(client, bytes.data(), size, MSG_DONTWAIT);
    }
};

TEST(SocketEventSink, what_is_unread_is_counted_also_when_descriptors_have_run_out) {
    Pair it;
    const tests::NoDescriptors shortage;
    it.push(1);
    EXPECT_EQ(it.sink->unread(), event_size);
}

TEST(SocketEventSink, a_whole_quota_fits_and_is_counted) {
    Pair it;
    EXPECT_EQ(it.sink->unread(), 0u);
    for (size_t i = 1; i <= quota / event_size; i++) {
        it.push(1);
        EXPECT_EQ(it.sink->unread(), i * event_size);
    }
    EXPECT_EQ(it.read_bytes(2 * quota), static_cast<ssize_t>(quota));
    EXPECT_EQ(it.sink->unread(), 0u);
}

TEST(SocketEventSink, reading_frees_what_was_read) {
    Pair it;
    it.push(10);
    EXPECT_EQ(it.read_bytes(3 * event_size), static_cast<ssize_t>(3 * event_size));
    EXPECT_EQ(it.sink->unread(), 7 * event_size);
}

TEST(SocketEventSink, an_event_read_in_part_is_unread) {
    Pair it;
    it.push(2);
    EXPECT_EQ(it.read_bytes(8), 8);
    EXPECT_EQ(it.sink->unread(), 2 * event_size);
}

TEST(SocketEventSink, after_a_hang_up_what_is_queued_is_read_and_then_the_end) {
    Pair it;
    it.push(1);
    it.sink->hang_up();
    it.push(1);
    pollfd ready{it.client, POLLIN, 0};
    EXPECT_EQ(poll(&ready, 1, 0), 1);
    EXPECT_TRUE(ready.revents & POLLHUP);
    EXPECT_EQ(it.read_bytes(quota), static_cast<ssize_t>(event_size));
    EXPECT_EQ(it.read_bytes(quota), 0);
}

TEST(SocketEventSink, a_client_that_is_gone_costs_nothing) {
    Pair it;
    it.ends.theirs.reset();
    it.push(300);
    EXPECT_EQ(it.sink->unread(), 0u);
}

}  // namespace
}  // namespace plugboard::daemon
