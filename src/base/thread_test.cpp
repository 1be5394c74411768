#include "base/thread.h"

#include <gtest/gtest.h>

#include <atomic>

#include "tests/support/shortage.h"

namespace plugboard {
namespace {

TEST(Thread, runs_until_it_is_joined) {
    bool has_run = false;
    auto thread = Thread::start([&] { has_run = true; });
    ASSERT_TRUE(thread.ok());
    EXPECT_TRUE(thread->is_started());
    EXPECT_FALSE(thread->is_current());
    thread->join();
    EXPECT_FALSE(thread->is_started());
    EXPECT_TRUE(has_run);
}

TEST(Thread, whom_it_is_moved_to_joins_it) {
    bool has_run = false;
    Thread owner;
    auto thread = Thread::start([&] { has_run = true; });
    ASSERT_TRUE(thread.ok());
    owner = *std::move(thread);
    EXPECT_FALSE(thread->is_started());
    owner.join();
    EXPECT_TRUE(has_run);
}

TEST(Thread, begins_with_the_prologue) {
    static std::atomic<int> begun;
    begun = 0;
    Thread::set_prologue([] { ++begun; });
    int seen = 0;
    auto thread = Thread::start([&] { seen = begun; });
    Thread::set_prologue(nullptr);
    ASSERT_TRUE(thread.ok());
    thread->join();
    EXPECT_EQ(begun, 1);
    EXPECT_EQ(seen, 1);
}

TEST(Thread, one_too_many_gives_EAGAIN) {
    {
        const tests::NoThreads none;
        EXPECT_EQ(Thread::start([] { FAIL(); }).error(), Errno::Again);
    }
    auto thread = Thread::start([] {});
    ASSERT_TRUE(thread.ok());
    thread->join();
}

}  // namespace
}  // namespace plugboard
