// Descriptors of fences, and what is merged of them.
#include "drm/sync/sync_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sync_file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "drm/atomic/atomic_fixture.h"
#include "drm/sync/fence_array.h"
#include "drm/sync/fence_chain.h"
#include "drm/sync/sync_fixture.h"

namespace plugboard::drm {
namespace {

using atomic::is_readable;
using namespace std::chrono_literals;

/// One value that can be read only.
template <class T>
class ReadOnly {
  public:
    explicit ReadOnly(const T& value)
        : page_(mmap(nullptr, sizeof value, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                     0)) {
        std::memcpy(page_, &value, sizeof value);
        mprotect(page_, sizeof value, PROT_READ);
    }
    ~ReadOnly() { munmap(page_, sizeof(T)); }
    void* address() const { return page_; }

  private:
    void* const page_;
};

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
    merge.fd2 = -1;
    EXPECT_EQ(call(fd, SYNC_IOC_MERGE, &merge), ENOENT);
    merge.fd2 = fd.borrow();
    merge.pad = 1;
    EXPECT_EQ(call(fd, SYNC_IOC_MERGE, &merge), EINVAL);
    EXPECT_EQ(call(fd, SYNC_IOC_MERGE, reinterpret_cast<void*>(8)), EFAULT);
    EXPECT_EQ(call(fd, _IOW('>', 5, uint64_t[2]), reinterpret_cast<void*>(8)), EFAULT);
    EXPECT_EQ(call(fd, _IO('>', 9), nullptr), ENOTTY);
}

TEST_F(SyncTest, new_descriptor_is_asked_for_before_all_else) {
    const UniqueFd fd = *files().export_fence(make_fence());
    sync_merge_data good{}, wrong_flags{}, wrong_fd{};
    good.fd2 = wrong_flags.fd2 = fd.borrow();
    wrong_flags.flags = 1;
    wrong_fd.fd2 = -1;
    for (void* argument : {static_cast<void*>(&good), static_cast<void*>(&wrong_flags),
                           static_cast<void*>(&wrong_fd), reinterpret_cast<void*>(8)})
        EXPECT_EQ(call_of_full_caller(fd, SYNC_IOC_MERGE, argument), EMFILE);
    const UniqueFd timeline = *open_sw_sync(model, "test");
    SwSyncCreateFence create{};
    EXPECT_EQ(call_of_full_caller(timeline, sw_sync_create_fence, &create), EMFILE);
    EXPECT_EQ(call_of_full_caller(timeline, sw_sync_create_fence, reinterpret_cast<void*>(8)),
              EMFILE);
}

TEST_F(SyncTest, descriptor_whose_number_cannot_be_written_is_taken_back) {
    const UniqueFd fd = *files().export_fence(make_fence());
    const UniqueFd timeline = *open_sw_sync(model, "test");
    const size_t before = files().size();
    sync_merge_data data{};
    data.fd2 = fd.borrow();
    EXPECT_EQ(call(fd, SYNC_IOC_MERGE, ReadOnly(data).address()), EFAULT);
    EXPECT_EQ(call(timeline, sw_sync_create_fence, ReadOnly(SwSyncCreateFence{1, "", 0}).address()),
              EFAULT);
    files().watch().settle();
    EXPECT_EQ(files().size(), before);
    EXPECT_EQ(sync_info(model).find("fence active"), std::string::npos);
}

TEST_F(SyncTest, file_info_faults_at_its_leaves_and_at_itself) {
    const UniqueFd fd = *files().export_fence(make_fence());
    sync_fence_info leaf{};
    sync_file_info info{};
    EXPECT_EQ(call(fd, SYNC_IOC_FILE_INFO, ReadOnly(info).address()), EFAULT);
    info.num_fences = 1;
    info.sync_fence_info = reinterpret_cast<uint64_t>(&leaf);
    EXPECT_EQ(call(fd, SYNC_IOC_FILE_INFO, ReadOnly(info).address()), EFAULT);
    EXPECT_STREQ(leaf.driver_name, "vkms");  // written before it
}

TEST_F(SyncTest, merged_file_is_readable_once_both_are_signalled) {
    const auto one = make_fence(), two = make_fence();
    const UniqueFd merged = merge_files(*files().export_fence(one), *files().export_fence(two));
    EXPECT_EQ(fcntl(merged.borrow(), F_GETFD), FD_CLOEXEC);
    one->signal();
    EXPECT_FALSE(is_readable(merged.borrow()));
    two->signal(Errno::Io);
    EXPECT_TRUE(is_readable(merged.borrow()));
    EXPECT_EQ(status(merged), -EIO);
}

TEST_F(SyncTest, merged_file_of_one_pending_fence_has_that_very_fence) {
    const auto pending = make_fence(), signalled = make_fence();
    signalled->signal();
    const UniqueFd fd = *files().export_fence(pending);
    const UniqueFd merged = merge_files(*files().export_fence(signalled), fd);
    EXPECT_EQ(*files().import_fence(merged), pending);
    EXPECT_EQ(*files().import_fence(merge_files(fd, fd)), pending);
}

TEST_F(SyncTest, merged_file_of_signalled_ones_has_a_stub_with_the_latest_time) {
    const auto one = make_fence(), two = make_fence();
    one->signal(Errno::Io);
    clock.advance(1s);
    two->signal();
    const Time latest = clock.now();
    clock.advance(1s);
    const UniqueFd merged = merge_files(*files().export_fence(two), *files().export_fence(one));
    EXPECT_TRUE(is_readable(merged.borrow()));
    EXPECT_EQ(file_info(merged, 1).status, 1);
    EXPECT_EQ(leaves_of_file[0].timestamp_ns,
              static_cast<uint64_t>(latest.time_since_epoch().count()));
    EXPECT_STREQ(file_info(merged).name, "detached-driver-signaled-timeli");
}

TEST_F(SyncTest, merged_file_keeps_the_newest_of_a_timeline) {
    const UniqueFd timeline = *open_sw_sync(model, "test");
    const UniqueFd first = create_fence(timeline, 1), third = create_fence(timeline, 3);
    EXPECT_EQ(*files().import_fence(merge_files(third, first)), *files().import_fence(third));
}

TEST_F(SyncTest, merged_file_has_the_name_it_was_given_or_a_made_one) {
    const UniqueFd one = *files().export_fence(make_fence()),
                   two = *files().export_fence(make_fence());
    EXPECT_STREQ(file_info(merge_files(one, two, "both")).name, "both");
    const std::string longest(31, 'x');
    EXPECT_EQ(file_info(merge_files(one, two, longest)).name, longest);
    EXPECT_EQ(file_info(merge_files(one, two, longest + "y")).name, longest);
    const UniqueFd merged = merge_files(one, two);
    EXPECT_EQ(file_info(merged).name, sync_file_name(**files().import_fence(merged)));
    EXPECT_EQ(std::string(file_info(merged).name).substr(0, 23), "dma_fence_array-unbound");
}

TEST_F(SyncTest, file_info_lists_the_leaves_of_merged_files) {
    const UniqueFd timeline = *open_sw_sync(model, "test"), other = *open_sw_sync(model, "other");
    const UniqueFd a = create_fence(timeline, 1), b = create_fence(other, 1);
    const UniqueFd c = *files().export_fence(make_fence());
    const UniqueFd merged = merge_files(c, merge_files(b, a));
    sync_file_info info = file_info(merged);
    EXPECT_EQ(info.num_fences, 3u);
    EXPECT_EQ(info.status, 0);
    info = file_info(merged, 5);  // more room than needed
    EXPECT_EQ(info.num_fences, 3u);
    EXPECT_EQ(info.status, 0);
    EXPECT_STREQ(leaves_of_file[0].driver_name, "sw_sync");
    EXPECT_STREQ(leaves_of_file[0].obj_name, "test");
    EXPECT_STREQ(leaves_of_file[1].obj_name, "other");
    EXPECT_STREQ(leaves_of_file[2].driver_name, "vkms");
    EXPECT_STREQ(leaves_of_file[2].obj_name, "CRTC:35-crtc-0");
    EXPECT_EQ(leaves_of_file[2].timestamp_ns, 0u);
    info.num_fences = 2;
    EXPECT_EQ(call(merged, SYNC_IOC_FILE_INFO, &info), EINVAL);
}

TEST_F(SyncTest, file_info_says_the_first_status_that_is_not_good) {
    const std::vector fences{make_fence(), make_fence(), make_fence()};
    const UniqueFd fd = *files().export_fence(make_array(fences));
    fences[0]->signal();
    fences[2]->signal(Errno::Io);
    EXPECT_EQ(file_info(fd, 3).status, 0);
    EXPECT_EQ(leaves_of_file[0].status, 1);
    EXPECT_STREQ(leaves_of_file[0].obj_name, "signaled-timeline");
    EXPECT_EQ(leaves_of_file[1].status, 0);
    EXPECT_EQ(leaves_of_file[2].status, -EIO);
    fences[1]->signal(Errno::NoDev);
    EXPECT_EQ(file_info(fd, 3).status, -ENODEV);  // in the order of leaves
    EXPECT_EQ(file_info(fd).status, -EIO);        // of the whole: in the order of time
}

TEST_F(SyncTest, file_info_of_a_chain_leaves_out_what_is_signalled) {
    const std::vector fences{make_fence(), make_fence(), make_fence()};
    MaybeRef<Fence> head;
    for (const auto& fence : fences) head = add_point(head, fence->info().seqno, fence);
    const UniqueFd fd = *files().export_fence(*head);
    EXPECT_EQ(file_info(fd).num_fences, 3u);
    fences[1]->signal();
    EXPECT_EQ(file_info(fd).num_fences, 2u);
    fences[0]->signal();
    EXPECT_EQ(file_info(fd).num_fences, 1u);
    fences[2]->signal();
    EXPECT_EQ(file_info(fd, 1).num_fences, 1u);
    EXPECT_EQ(leaves_of_file[0].status, 1);
}

TEST_F(SyncTest, deadline_of_a_merged_file_is_that_of_its_fences) {
    const UniqueFd timeline = *open_sw_sync(model, "test"), other = *open_sw_sync(model, "other");
    const UniqueFd a = create_fence(timeline, 1), b = create_fence(other, 1);
    const UniqueFd merged = merge_files(a, b);
    EXPECT_EQ(set_deadline(a, 1000), 0);
    EXPECT_EQ(set_deadline(merged, 2000), 0);
    EXPECT_EQ(deadline_of(timeline, a), 1000u);
    EXPECT_EQ(deadline_of(timeline, b), 2000u);
    SwSyncGetDeadline get{};
    get.fence_fd = merged.borrow();
    EXPECT_EQ(call(timeline, sw_sync_get_deadline, &get), EINVAL);  // no plain one of sw_sync
    inc(timeline, 1);
    inc(other, 1);
    EXPECT_EQ(set_deadline(merged, 500), 0);
    EXPECT_EQ(deadline_of(other, b), 2000u);
}

TEST_F(SyncTest, merged_file_that_is_closed_goes_before_its_timelines) {
    const UniqueFd timeline = *open_sw_sync(model, "test"), other = *open_sw_sync(model, "other");
    const UniqueFd a = create_fence(timeline, 1), b = create_fence(other, 1);
    const size_t before = live_object_count();
    merge_files(a, b).reset();
    files().watch().settle();
    EXPECT_EQ(live_object_count(), before);
}

}  // namespace
}  // namespace plugboard::drm
