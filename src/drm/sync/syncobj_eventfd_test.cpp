// Eventfds that are told of a point of a syncobj.
#include "drm/sync/syncobj_eventfd.h"

#include "drm/sync/syncobj_fixture.h"

namespace plugboard::drm {
namespace {

TEST_F(SyncobjTest, eventfd_is_told_of_a_submission_when_a_reset_follows_at_once) {
    const uint32_t one = create();
    const UniqueFd submitted(eventfd(0, EFD_CLOEXEC)), complete(eventfd(0, EFD_CLOEXEC));
    EXPECT_EQ(watch(one, 0, submitted, available), 0);
    EXPECT_EQ(watch(one, 0, complete), 0);
    const Ref<Fence> fence = pending();
    object(one)->replace(fence);
    object(one)->replace(std::nullopt);
    EXPECT_EQ(count_of(submitted), 1u);
    fence->signal();
    EXPECT_EQ(count_of(complete), 1u);
}

TEST_F(SyncobjTest, eventfd_is_told_once_when_the_point_is_complete) {
    const uint32_t line = create();
    const UniqueFd complete(eventfd(0, EFD_CLOEXEC)), submitted(eventfd(0, EFD_CLOEXEC));
    EXPECT_EQ(watch(line, 2, complete), 0);
    EXPECT_EQ(watch(line, 2, submitted, available), 0);
    const Ref<Fence> fence = pending();
    object(line)->add_point(1, pending());
    EXPECT_EQ(count_of(submitted), 0u);
    on_one(DRM_IOCTL_SYNCOBJ_RESET, line);
    object(line)->add_point(2, fence);
    EXPECT_EQ(count_of(submitted), 1u);
    EXPECT_EQ(count_of(complete), 0u);
    fence->signal();
    EXPECT_EQ(count_of(complete), 1u);
    signal_point(line, 3);
    EXPECT_EQ(count_of(complete), 0u);
    EXPECT_EQ(watch(line, 3, complete), 0);
    EXPECT_EQ(count_of(complete), 1u);
}

TEST_F(SyncobjTest, eventfd_that_is_full_blocks_nobody) {
    const uint32_t one = create();
    const UniqueFd full(eventfd(0, EFD_CLOEXEC));
    const uint64_t most = UINT64_MAX - 1;
    ASSERT_EQ(write(full.borrow(), &most, sizeof(most)), ssize_t{sizeof(most)});
    EXPECT_EQ(watch(one, 0, full), 0);
    EXPECT_EQ(on_one(DRM_IOCTL_SYNCOBJ_SIGNAL, one), 0);
    EXPECT_GE(count_of(full), most);
}

TEST_F(SyncobjTest, destroying_drops_eventfds_without_a_fence_only) {
    const uint32_t one = create();
    const UniqueFd with_fence(eventfd(0, EFD_CLOEXEC)), without(eventfd(0, EFD_CLOEXEC));
    const Ref<Fence> fence = pending();
    object(one)->add_point(1, fence);
    EXPECT_EQ(watch(one, 1, with_fence), 0);
    EXPECT_EQ(watch(one, 2, without), 0);
    drm_syncobj_destroy destroy{one, 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_SYNCOBJ_DESTROY, destroy), 0);
    fence->signal();
    EXPECT_EQ(count_of(with_fence), 1u);
    EXPECT_EQ(count_of(without), 0u);
}

TEST_F(SyncobjTest, after_unplug_eventfds_are_told_by_the_fences_that_they_have) {
    const uint32_t line = create();
    const UniqueFd with_fence(eventfd(0, EFD_CLOEXEC)), without(eventfd(0, EFD_CLOEXEC));
    const Ref<Fence> fence = pending();
    object(line)->add_point(1, fence);
    EXPECT_EQ(watch(line, 1, with_fence), 0);
    EXPECT_EQ(watch(line, 2, without), 0);
    board.unplug();
    EXPECT_EQ(watch(line, 2, without), ENODEV);
    EXPECT_EQ(count_of(with_fence), 0u) << "it is no fence of the card's";
    fence->signal();
    EXPECT_EQ(count_of(with_fence), 1u);
    const size_t objects = live_object_count();
    client.close();
    EXPECT_EQ(count_of(without), 0u);
    EXPECT_LT(live_object_count(), objects - 1) << "the file, and what waits in its syncobj";
}

}  // namespace
}  // namespace plugboard::drm
