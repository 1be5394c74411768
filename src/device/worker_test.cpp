#include "device/worker.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "device/test_support.h"
#include "tests/support/shortage.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using testing::Trace;

struct WorkerTest : ::testing::Test {
    Trace trace;
    FakeClock clock;
    std::optional<Worker> worker{std::in_place, clock};
};

TEST_F(WorkerTest, flush_does_what_has_become_due) {
    const tests::NoThreads none;  // that would do it meanwhile
    worker->run_at(clock.now() + std::chrono::seconds(1), [&] { trace.add("due"); });
    worker->run_at(clock.now() + std::chrono::seconds(3), [&] { trace.add("later"); });
    worker->flush();
    EXPECT_EQ(trace.take(), Lines{});
    clock.advance(std::chrono::seconds(2));
    worker->flush();
    EXPECT_EQ(trace.take(), Lines{"due"});
}

TEST_F(WorkerTest, work_of_its_last_moment_starts_no_thread) {
    const auto self = std::this_thread::get_id();
    const auto add = [&](const char* what) {
        trace.add(std::this_thread::get_id() == self ? what : "on another thread");
    };
    {
        const tests::NoThreads none;
        worker->run([&] {
            worker->run([&] { add("second"); });
            add("first");
        });
    }
    worker.reset();
    EXPECT_EQ(trace.take(), (Lines{"first", "second"}));
}

}  // namespace
}  // namespace plugboard::device
