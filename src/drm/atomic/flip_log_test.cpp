#include "drm/atomic/flip_log.h"

#include <gtest/gtest.h>

namespace plugboard::drm::atomic {
namespace {

void add(FlipLog& log, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) log.add({.sequence = log.total()});
}

TEST(FlipLog, gives_each_flip_once_to_who_takes_them_in_time) {
    FlipLog log;
    uint64_t before = 0, taken = 0;
    for (const uint64_t count : {0u, 1u, 7u, 4096u, 1u}) {
        add(log, count);
        const auto flips = log.take_since(before);
        EXPECT_EQ(flips.size(), count);
        for (const Flip& flip : flips) EXPECT_EQ(flip.sequence, taken++);
        EXPECT_EQ(before, log.total());
    }
}

TEST(FlipLog, keeps_the_newest) {
    FlipLog log;
    uint64_t before = 0;
    add(log, FlipLog::capacity + 5);
    const auto flips = log.take_since(before);
    ASSERT_EQ(flips.size(), FlipLog::capacity);
    EXPECT_EQ(flips.front().sequence, 5u);
    EXPECT_EQ(flips.back().sequence, FlipLog::capacity + 4);
    EXPECT_EQ(log.newest(1).front().sequence, FlipLog::capacity + 4);
}

}  // namespace
}  // namespace plugboard::drm::atomic
