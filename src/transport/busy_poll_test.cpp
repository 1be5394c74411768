#include "transport/busy_poll.h"

#include <gtest/gtest.h>

namespace plugboard::transport {
namespace {

constexpr int64_t start = 1'000'000'000;
constexpr int64_t quick = BusyPoll::quick_ns / 4;
constexpr int64_t slow = BusyPoll::quick_ns * 20;

TEST(BusyPoll, the_first_waits_sleep) {
    BusyPoll poll;
    EXPECT_EQ(poll.until(start), start);
    poll.note_message(start);
    EXPECT_EQ(poll.until(start), start);
}

TEST(BusyPoll, messages_in_quick_succession_are_looked_for) {
    BusyPoll poll;
    poll.note_message(start);
    poll.note_message(start + quick);
    EXPECT_EQ(poll.until(start + 2 * quick), start + 2 * quick + BusyPoll::longest_ns);
}

TEST(BusyPoll, a_client_that_thinks_is_slept_for_at_both_ends) {
    BusyPoll poll;
    for (int64_t now = start; now < start + 10 * slow; now += slow) {
        poll.note_message(now);
        EXPECT_EQ(poll.until(now), now) << "the daemon's end: right after a request";
    }
    poll.note_message(start + 10 * slow + quick);
    poll.note_message(start + 10 * slow + 2 * quick);
    const int64_t later = start + 11 * slow + 2 * quick;
    EXPECT_EQ(poll.until(later), later) << "the client's end: long after its last reply";
}

}  // namespace
}  // namespace plugboard::transport
