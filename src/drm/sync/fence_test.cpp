// A single fence.
#include "drm/sync/fence.h"

#include <gtest/gtest.h>

#include <chrono>

#include "drm/sync/sync_fixture.h"

namespace plugboard::drm {
namespace {

using namespace std::chrono_literals;

TEST_F(SyncTest, fence_signals_once_and_remembers_when) {
    const auto fence = make_fence();
    int called = 0;
    fence->on_signal([&] { called++; });
    clock.advance(5ms);
    const Time when = clock.now();
    fence->signal();
    clock.advance(5ms);
    fence->signal(Errno::Io);
    EXPECT_EQ(called, 1);
    EXPECT_EQ(fence->status(), 1);
    EXPECT_EQ(fence->timestamp(), when);
}

TEST_F(SyncTest, removed_callback_does_not_run) {
    const auto fence = make_fence();
    const uint64_t number = fence->on_signal([] { FAIL(); });
    EXPECT_TRUE(fence->remove_callback(number));
    EXPECT_FALSE(fence->remove_callback(number));
    fence->signal();
}

TEST_F(SyncTest, names_of_a_signalled_fence_are_detached) {
    const auto fence = make_fence();
    EXPECT_EQ(fence->driver_name(), "vkms");
    fence->signal();
    EXPECT_EQ(fence->driver_name(), "detached-driver");
    EXPECT_EQ(fence->timeline_name(), "signaled-timeline");
}

}  // namespace
}  // namespace plugboard::drm
