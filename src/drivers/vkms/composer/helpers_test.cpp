// Each job once, of several loops, and of loops in loops.
#include "drivers/vkms/composer/helpers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
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

TEST(Helpers, a_hand_has_a_loop_of_its_own_before_it_helps_with_another) {
    Helpers helpers(1);
    std::atomic<int> frames{0};
    helpers.run(2, [&](size_t) {
        ++frames;
        helpers.run(2, [&](size_t) {
            EXPECT_TRUE(tests::comes_true([&] { return frames == 2; })) << "not by one hand";
        });
    });
}

TEST(Helpers, who_has_nothing_left_helps_with_what_is_inside) {
    Helpers helpers(1);
    std::atomic<int> slices{0};
    helpers.run(2, [&](size_t frame) {
        if (frame == 0) return;
        helpers.run(2, [&](size_t) {
            ++slices;
            EXPECT_TRUE(tests::comes_true([&] { return slices == 2; })) << "by two hands";
        });
    });
}

TEST(Helpers, a_loop_of_nothing_is_over) {
    Helpers helpers(1);
    helpers.run(0, [](size_t) { FAIL(); });
}

}  // namespace
}  // namespace plugboard::vkms
