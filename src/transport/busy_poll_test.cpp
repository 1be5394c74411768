#include "transport/busy_poll.h"

#include <gtest/gtest.h>

namespace plugboard::transport {
namespace {

constexpr int64_t start = 1'000'000'000;

/// An end whose messages come `interval` ns apart.
class End {
  public:
    explicit End(int64_t interval) : interval_(interval) {}
    /// The next message; then how often it is looked for the one after, which comes at look `found`
    /// (0: after the end slept).
    int looks(int found) {
        poll_.note_message(now_ += interval_);
        int looks = 0;
        poll_.poll([&] { return ++looks == found; });
        return looks;
    }

  private:
    const int64_t interval_;
    int64_t now_ = start;
    BusyPoll poll_{true};
};

TEST(BusyPoll, is_monotonic) {
    const int64_t before = monotonic_ns();
    EXPECT_GT(before, 0);
    EXPECT_GE(monotonic_ns(), before);
}

TEST(BusyPoll, the_first_wait_sleeps) {
    End end(BusyPoll::quick_ns / 4);
    EXPECT_EQ(end.looks(1), 0);
    EXPECT_EQ(end.looks(1), 1);
}

TEST(BusyPoll, messages_that_follow_at_once_are_looked_for) {
    End end(BusyPoll::quick_ns / 4);
    end.looks(1);
    for (int i = 0; i < 100; i++) EXPECT_EQ(end.looks(200), 200);
}

TEST(BusyPoll, a_client_that_thinks_is_slept_for) {
    End end(4'000'000);
    for (int i = 0; i < 100; i++) EXPECT_EQ(end.looks(1), 0);
}

TEST(BusyPoll, nothing_is_looked_for_where_it_is_of_no_use) {
    BusyPoll poll;
    for (int i = 1; i < 10; i++) {
        poll.note_message(start + i);
        EXPECT_FALSE(poll.poll([] { return true; }));
    }
}

TEST(BusyPoll, looks_in_vain_become_seldom) {
    End end(BusyPoll::quick_ns - 1);
    int looks = 0;
    for (int i = 0; i < 1000; i++) looks += end.looks(0);
    EXPECT_LE(looks, 21 * BusyPoll::most_looks);  // 6 at first, then one in 64
    EXPECT_GT(looks, 10 * BusyPoll::most_looks);  // it does not give up
}

TEST(BusyPoll, one_look_that_finds_something_makes_up_for_those_in_vain) {
    End end(BusyPoll::quick_ns / 4);
    for (int i = 0; i < 1000; i++) end.looks(0);
    int waits = 0;
    while (end.looks(1) == 0) waits++;
    EXPECT_LT(waits, 64);
    EXPECT_EQ(end.looks(1), 1);
}

}  // namespace
}  // namespace plugboard::transport
