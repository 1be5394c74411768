#include "base/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace plugboard {
namespace {

TEST(Gate, is_closed_at_first) {
    Gate gate;
    EXPECT_FALSE(gate.enter());
}

TEST(Gate, nests_and_knows_its_own_thread) {
    Gate gate;
    gate.reopen();
    {
        const auto outer = gate.enter();
        const auto inner = gate.enter();
        ASSERT_TRUE(outer && inner);
        EXPECT_TRUE(gate.is_inside());
        std::thread([&] { EXPECT_FALSE(gate.is_inside()); }).join();
    }
    EXPECT_FALSE(gate.is_inside());
}

TEST(Gate, a_pass_given_on_is_still_inside) {
    Gate gate;
    Gate other;
    gate.reopen();
    other.reopen();
    auto pass = gate.enter();
    const auto above = other.enter();
    auto moved = std::move(*pass);
    pass.reset();
    EXPECT_TRUE(gate.is_inside());
    EXPECT_TRUE(other.is_inside());
}

TEST(Gate, drain_waits_for_those_inside) {
    Gate gate;
    gate.reopen();
    std::atomic<bool> inside{false};
    std::atomic<bool> leave{false};
    std::atomic<bool> left{false};
    std::thread worker([&] {
        const auto pass = gate.enter();
        inside = true;
        inside.notify_all();
        leave.wait(false);
        left = true;
    });
    inside.wait(false);
    gate.close();
    EXPECT_FALSE(gate.enter());
    leave = true;
    leave.notify_all();
    gate.drain();
    EXPECT_TRUE(left);
    worker.join();
}

TEST(Gate, nobody_is_inside_after_drain) {
    for (int round = 0; round < 50; round++) {
        Gate gate;
        gate.reopen();
        std::atomic<bool> drained{false};
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; i++) {
            threads.emplace_back([&] {
                while (const auto pass = gate.enter()) EXPECT_FALSE(drained);
            });
        }
        gate.close();
        gate.drain();
        drained = true;
        for (auto& thread : threads) thread.join();
    }
}

}  // namespace
}  // namespace plugboard
