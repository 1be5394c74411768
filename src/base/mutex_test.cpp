#include "base/mutex.h"

#include <gtest/gtest.h>

namespace plugboard {
namespace {

struct TestInner;
struct TestOuter;

TEST(LockOrder, is_learnt) {
    Mutex<LockClass<TestOuter>> outer;
    Mutex<LockClass<TestInner>> inner;
    const MutexLock first(outer);
    const MutexLock second(inner);
    if (!lock_order::checked) return;
    const auto orders = lock_order::observed();
    EXPECT_EQ(std::ranges::count(orders, "TestOuter -> TestInner"), 1);
}

struct TestLeft;
struct TestRight;

void take_both_ways() {
    Mutex<LockClass<TestLeft>> left;
    Mutex<LockClass<TestRight>> right;
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
