// Timelines that a client counts on by itself.
#include "drm/sync/sw_sync.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "drm/atomic/atomic_fixture.h"
#include "drm/sync/fence_chain.h"
#include "drm/sync/sync_fixture.h"

namespace plugboard::drm {
namespace {

using atomic::is_readable;
using namespace std::chrono_literals;

TEST_F(SyncTest, timeline_that_ends_leaves_no_fence_behind) {
    const size_t before = live_object_count();
    {
        UniqueFd timeline = *open_sw_sync(model, "test"), other = *open_sw_sync(model, "other");
        UniqueFd merged = merge_files(create_fence(timeline, 1), create_fence(other, 1));
        MaybeRef<Fence> head = *files().import_fence(merged);
        for (uint64_t point = 1; point < 10; point++)
            head = add_point(head, point, *files().import_fence(merge_files(merged, merged)));
        UniqueFd of_chain = *files().export_fence(*head);
        timeline.reset();
        files().watch().settle();
        EXPECT_EQ(status(merged), 0);
        other.reset();
        files().watch().settle();
        EXPECT_EQ(status(merged), -ENOENT);
        EXPECT_EQ(status(of_chain), 1);
    }
    files().watch().settle();
    EXPECT_EQ(live_object_count(), before);
}

TEST_F(SyncTest, sw_sync_signals_what_is_due) {
    const UniqueFd timeline = *open_sw_sync(model, "a very long name of a command");
    const UniqueFd first = create_fence(timeline, 1), third = create_fence(timeline, 3);
    EXPECT_EQ(inc(timeline, 1), 0);
    EXPECT_EQ(status(first), 1);
    EXPECT_EQ(status(third), 0);
    EXPECT_EQ(sync_info(model),
              "objs:\n--------------\na very long nam: 1\n  fence active: 3 / 1\n\n"
              "fences:\n--------------\n");
    EXPECT_EQ(inc(timeline, 2), 0);
    EXPECT_EQ(status(third), 1);
}

TEST_F(SyncTest, sw_sync_signals_in_the_order_of_numbers) {
    const UniqueFd timeline = *open_sw_sync(model, "test");
    std::vector<UniqueFd> fds;
    std::vector<uint64_t> order;
    for (const uint32_t value : {3u, 1u, 2u}) {
        fds.push_back(create_fence(timeline, value));
        (*files().import_fence(fds.back()))->on_signal([&order, value] { order.push_back(value); });
    }
    EXPECT_EQ(inc(timeline, 0xffffffff), 0);  // more than one step of INT_MAX
    EXPECT_EQ(order, (std::vector<uint64_t>{1, 2, 3}));
    EXPECT_NE(sync_info(model).find("test: 4294967295\n"), std::string::npos);
    EXPECT_EQ(call(timeline, sw_sync_inc, reinterpret_cast<void*>(8)), EFAULT);
    EXPECT_EQ(call(timeline, sw_sync_get_deadline, reinterpret_cast<void*>(8)), EFAULT);
}

TEST_F(SyncTest, sw_sync_past_value_is_born_signalled) {
    const UniqueFd timeline = *open_sw_sync(model, "test");
    EXPECT_EQ(inc(timeline, 5), 0);
    EXPECT_EQ(status(create_fence(timeline, 5)), 1);
    EXPECT_EQ(status(create_fence(timeline, 4)), 1);
    EXPECT_EQ(status(create_fence(timeline, 6)), 0);
}

TEST_F(SyncTest, sw_sync_value_wraps) {
    const UniqueFd timeline = *open_sw_sync(model, "test");
    EXPECT_EQ(inc(timeline, 0xfffffffe), 0);
    const UniqueFd before = create_fence(timeline, 0xffffffff), after = create_fence(timeline, 2);
    EXPECT_EQ(inc(timeline, 1), 0);
    EXPECT_EQ(status(before), 1);
    EXPECT_EQ(status(after), 0);
    EXPECT_EQ(inc(timeline, 3), 0);
    EXPECT_EQ(status(after), 1);
}

TEST_F(SyncTest, sw_sync_same_pending_value_is_the_same_fence) {
    const UniqueFd timeline = *open_sw_sync(model, "test");
    const UniqueFd one = create_fence(timeline, 1), two = create_fence(timeline, 1);
    EXPECT_EQ(*files().import_fence(one), *files().import_fence(two));
}

TEST_F(SyncTest, sw_sync_close_ends_pending_fences_in_error) {
    UniqueFd timeline = *open_sw_sync(model, "test");
    const UniqueFd fence = create_fence(timeline, 1);
    timeline.reset();
    files().watch().settle();
    EXPECT_EQ(status(fence), -ENOENT);
    EXPECT_TRUE(is_readable(fence.borrow()));
}

TEST_F(SyncTest, sw_sync_tells_the_earliest_deadline) {
    const UniqueFd timeline = *open_sw_sync(model, "test");
    const UniqueFd fence = create_fence(timeline, 1);
    SwSyncGetDeadline get{};
    get.fence_fd = fence.borrow();
    EXPECT_EQ(call(timeline, sw_sync_get_deadline, &get), ENOENT);
    struct {
        uint64_t deadline_ns, pad;
    } set{2000, 0};
    constexpr unsigned long set_deadline = _IOW('>', 5, decltype(set));
    EXPECT_EQ(call(fence, set_deadline, &set), 0);
    set.deadline_ns = UINT64_MAX;  // beyond the end of time, not before its begin
    EXPECT_EQ(call(fence, set_deadline, &set), 0);
    set.deadline_ns = 1000;
    EXPECT_EQ(call(fence, set_deadline, &set), 0);
    set.deadline_ns = 3000;
    EXPECT_EQ(call(fence, set_deadline, &set), 0);
    EXPECT_EQ(call(timeline, sw_sync_get_deadline, &get), 0);
    EXPECT_EQ(get.deadline_ns, 1000u);
    EXPECT_EQ(call(timeline, sw_sync_get_deadline, &get), EINVAL);  // deadline_ns is not 0
    get = {0, 0, 0};
    EXPECT_EQ(call(timeline, sw_sync_get_deadline, &get), EINVAL);
    const UniqueFd other = *files().export_fence(make_fence());
    get.fence_fd = other.borrow();
    EXPECT_EQ(call(timeline, sw_sync_get_deadline, &get), EINVAL);
    set.pad = 1;
    EXPECT_EQ(call(fence, set_deadline, &set), EINVAL);
    EXPECT_EQ(call(timeline, _IO('W', 9), nullptr), ENOTTY);
}

TEST_F(SyncTest, sw_sync_fence_that_nobody_holds_leaves_its_timeline) {
    const UniqueFd timeline = *open_sw_sync(model, "test");
    const size_t before = live_object_count();
    create_fence(timeline, 5).reset();
    files().watch().settle();
    EXPECT_EQ(live_object_count(), before);
    EXPECT_EQ(sync_info(model).find("fence active"), std::string::npos);
    const UniqueFd again = create_fence(timeline, 5);
    EXPECT_NE(sync_info(model).find("fence active: 5 / 0"), std::string::npos);
    inc(timeline, 5);
    EXPECT_EQ(status(again), 1);
}

}  // namespace
}  // namespace plugboard::drm
