// Fences, the descriptors that clients hold of them, and sw_sync.
#include <gtest/gtest.h>
#include <linux/sync_file.h>
#include <unistd.h>

#include <chrono>

#include "drm/atomic/atomic_fixture.h"
#include "drm/sync/fence.h"
#include "drm/sync/sw_sync.h"
#include "drm/sync/sync_file.h"
#include "uapi/in_process_memory.h"

namespace plugboard::drm {
namespace {

using atomic::is_readable;
using namespace std::chrono_literals;

class SyncTest : public testing::Test {
  protected:
    SpecialFiles& files() { return model.service<SpecialFiles>(); }
    Ref<Fence> make_fence() {
        return Fence::create(clock, {.context = next_fence_context(),
                                     .seqno = 7,
                                     .driver = "vkms",
                                     .timeline = "CRTC:35-crtc-0"});
    }
    int call(const UniqueFd& fd, unsigned long command, void* argument) {
        auto file = files().find(fd);
        EXPECT_TRUE(file);
        if (!file) return -1;
        uapi::InProcessMemory memory;
        ThreadSleeper sleeper(clock);
        Request request(memory, sleeper, {});
        request.keep_reasons();
        auto done = (*file)->ioctl(request, static_cast<uint32_t>(command),
                                   uapi::UserAddress{reinterpret_cast<uint64_t>(argument)});
        memory.end_request(!done.ok());
        return done.ok() ? 0 : static_cast<int>(done.error());
    }
    UniqueFd create_fence(const UniqueFd& timeline, uint32_t value) {
        SwSyncCreateFence data{};
        data.value = value;
        EXPECT_EQ(call(timeline, sw_sync_create_fence, &data), 0);
        return UniqueFd(data.fence);
    }
    int inc(const UniqueFd& timeline, uint32_t steps) {
        return call(timeline, sw_sync_inc, &steps);
    }
    int status(const UniqueFd& fd) { return (*files().import_fence(fd))->status(); }

    FakeClock clock;
    device::Model model{clock};
};

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

TEST_F(SyncTest, sync_file_is_readable_once_signalled_also_with_an_error) {
    const auto fence = make_fence();
    const UniqueFd fd = *files().export_fence(fence);
    EXPECT_FALSE(is_readable(fd.borrow()));
    fence->signal(Errno::NoDev);
    EXPECT_TRUE(is_readable(fd.borrow()));
    const UniqueFd late = *files().export_fence(fence);
    EXPECT_TRUE(is_readable(late.borrow()));
}

TEST_F(SyncTest, sync_file_is_known_by_any_copy) {
    const auto fence = make_fence();
    const UniqueFd fd = *files().export_fence(fence);
    const UniqueFd copy(dup(fd.borrow()));
    const auto imported = files().import_fence(copy);
    ASSERT_TRUE(imported.ok());
    EXPECT_EQ(*imported, fence);
    const UniqueFd other(dup(0));
    EXPECT_EQ(files().import_fence(other).error(), Errno::Inval);
}

TEST_F(SyncTest, last_close_lets_the_fence_go) {
    const auto fence = make_fence();
    {
        const UniqueFd fd = *files().export_fence(fence);
        EXPECT_EQ(files().size(), 1u);
    }
    files().watch().settle();
    EXPECT_EQ(files().size(), 0u);
    EXPECT_EQ(fence->ref_count(), 1u);
}

TEST_F(SyncTest, file_info_names_the_fence) {
    const auto fence = make_fence();
    const UniqueFd fd = *files().export_fence(fence);
    sync_file_info info{};
    ASSERT_EQ(call(fd, SYNC_IOC_FILE_INFO, &info), 0);
    EXPECT_EQ(info.num_fences, 1u);
    EXPECT_EQ(info.status, 0);
    EXPECT_EQ(std::string(info.name), sync_file_name(*fence).substr(0, 31));
    clock.advance(1s);
    fence->signal();
    sync_fence_info leaf{};
    info.sync_fence_info = reinterpret_cast<uint64_t>(&leaf);
    ASSERT_EQ(call(fd, SYNC_IOC_FILE_INFO, &info), 0);
    EXPECT_EQ(info.status, 1);
    EXPECT_STREQ(leaf.driver_name, "detached-driver");
    EXPECT_STREQ(info.name, "detached-driver-signaled-timeli");
    EXPECT_EQ(leaf.timestamp_ns,
              static_cast<uint64_t>(fence->timestamp().time_since_epoch().count()));
}

TEST_F(SyncTest, sync_file_refuses_wrong_arguments) {
    const UniqueFd fd = *files().export_fence(make_fence());
    sync_file_info info{};
    info.flags = 1;
    EXPECT_EQ(call(fd, SYNC_IOC_FILE_INFO, &info), EINVAL);
    info.flags = 0;
    info.num_fences = 1;
    info.sync_fence_info = 8;
    EXPECT_EQ(call(fd, SYNC_IOC_FILE_INFO, &info), EFAULT);
    EXPECT_EQ(call(fd, SYNC_IOC_FILE_INFO, reinterpret_cast<void*>(8)), EFAULT);
    sync_merge_data merge{};
    merge.flags = 1;
    EXPECT_EQ(call(fd, SYNC_IOC_MERGE, &merge), EINVAL);
    merge.flags = 0;
    merge.fd2 = 0;
    EXPECT_EQ(call(fd, SYNC_IOC_MERGE, &merge), ENOENT);
    merge.fd2 = fd.borrow();
    EXPECT_EQ(call(fd, SYNC_IOC_MERGE, &merge), EOPNOTSUPP);
    EXPECT_EQ(call(fd, _IO('>', 9), nullptr), ENOTTY);
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
