#include "base/mutex.h"

#include <gtest/gtest.h>

namespace plugboard {
namespace {

struct Inner;
struct Outer;

TEST(LockOrder, is_learnt) {
    Mutex<LockClass<Outer>> outer;
    Mutex<LockClass<Inner>> inner;
    const MutexLock first(outer);
    const MutexLock second(inner);
    if (!lock_order::checked) return;
    const auto orders = lock_order::observed();
    const bool seen = std::ranges::any_of(orders, [](const std::string& order) {
        return order.find("Outer -> ") != std::string::npos &&
               order.find("Inner") != std::string::npos;
    });
    EXPECT_TRUE(seen);
}

struct Left;
struct Right;

void take_both_ways() {
    Mutex<LockClass<Left>> left;
    Mutex<LockClass<Right>> right;
    {
        const MutexLock first(left);
        const MutexLock second(right);
    }
    const MutexLock first(right);
    const MutexLock second(left);
}

TEST(LockOrderDeathTest, an_inversion_ends_a_debug_build) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    if (lock_order::checked) {
        EXPECT_DEATH(take_both_ways(), "opposite order");
    } else {
        take_both_ways();
    }
}

}  // namespace
}  // namespace plugboard
