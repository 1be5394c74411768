// Each job once, of several loops, of loops in loops, and those that are posted.
#include "drivers/vkms/composer/helpers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/comes_true.h"

namespace plugboard::vkms {
namespace {

using ::testing::Each;

using Calls = std::vector<std::atomic<int>>;

std::vector<int> counts(const Calls& calls) {
    return {calls.begin(), calls.end()};
}

TEST(Helpers, every_job_of_loops_in_loops_is_done_once) {
    Helpers helpers(3);
    std::vector<Calls> calls(20);
    for (auto& inner : calls) inner = Calls(30);
    helpers.run(calls.size(), [&](size_t i) {
        helpers.run(calls[i].size(), [&](size_t j) { ++calls[i][j]; });
        EXPECT_THAT(counts(calls[i]), Each(1)) << "done when its loop returns";
    });
    for (const auto& inner : calls) EXPECT_THAT(counts(inner), Each(1));
}

TEST(Helpers, two_threads_may_have_a_loop_at_once) {
    Helpers helpers(1);
    Calls first(500), second(500);
    const auto count_in = [&](Calls& calls) {
        for (int round = 0; round < 20; ++round)
            helpers.run(calls.size(), [&](size_t i) { ++calls[i]; });
    };
    std::thread other([&] { count_in(second); });
    count_in(first);
    other.join();
    EXPECT_THAT(counts(first), Each(20));
    EXPECT_THAT(counts(second), Each(20));
}

TEST(Helpers, jobs_of_a_loop_run_at_once) {
    Helpers helpers(2);
    std::atomic<int> begun{0};
    helpers.run(3, [&](size_t) {
        ++begun;
        EXPECT_TRUE(tests::comes_true([&] { return begun == 3; }));
    });
}

TEST(Helpers, a_posted_job_is_done_while_another_one_waits) {
    std::atomic<bool> other_is_done{false};
    std::atomic<int> done{0};
    Helpers helpers(2);
    ASSERT_TRUE(helpers.start().ok());
    helpers.post([&] {
        EXPECT_TRUE(tests::comes_true([&] { return other_is_done.load(); }));
        ++done;
    });
    helpers.post([&] {
        other_is_done = true;
        ++done;
    });
    EXPECT_TRUE(tests::comes_true([&] { return done == 2; }));
}

TEST(Helpers, with_nothing_posted_help_with_the_loop_of_a_posted_job) {
    std::atomic<int> begun{0};
    std::atomic<bool> is_done{false};
    Helpers helpers(2);
    ASSERT_TRUE(helpers.start().ok());
    helpers.post([&] {
        helpers.run(2, [&](size_t) {
            ++begun;
            EXPECT_TRUE(tests::comes_true([&] { return begun == 2; })) << "by two hands";
        });
        is_done = true;
    });
    EXPECT_TRUE(tests::comes_true([&] { return is_done.load(); }));
}

TEST(Helpers, end_after_what_they_have_begun_and_drop_the_rest) {
    std::atomic<bool> has_begun{false}, may_end{false}, is_done{false};
    const auto held = std::make_shared<int>();
    Helpers helpers(1);
    ASSERT_TRUE(helpers.start().ok());
    helpers.post([&] {
        has_begun = true;
        EXPECT_TRUE(tests::comes_true([&] { return may_end.load(); }));
        is_done = true;
    });
    helpers.post([held] { FAIL(); });
    EXPECT_TRUE(tests::comes_true([&] { return has_begun.load(); }));
    std::thread ends([&] { helpers.end(); });
    EXPECT_TRUE(tests::comes_true([&] { return held.use_count() == 1; }));
    may_end = true;
    ends.join();
    EXPECT_TRUE(is_done);
}

TEST(Helpers, that_find_no_thread_say_so_and_a_loop_is_done_without_them) {
    size_t left = 0;
    Helpers helpers(2, [&](std::function<void()> function) -> Result<Thread> {
        if (left == 0) return Errno::Again;
        --left;
        return Thread::start(std::move(function));
    });
    for (const size_t threads : {0U, 1U, 0U}) {
        left = threads;
        EXPECT_EQ(helpers.start().error(), Errno::Again);
        Calls calls(3);
        helpers.run(calls.size(), [&](size_t i) { ++calls[i]; });
        EXPECT_THAT(counts(calls), Each(1));
    }
    left = 1;
    EXPECT_TRUE(helpers.start().ok());
}

TEST(Helpers, a_loop_of_nothing_is_over) {
    Helpers helpers(1);
    helpers.run(0, [](size_t) { FAIL(); });
}

}  // namespace
}  // namespace plugboard::vkms
