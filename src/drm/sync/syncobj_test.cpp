// What syncobjs do: binary ones, timelines, waits, transfers, eventfds. What they refuse is in
// tests/contract/syncobj_contracts.cpp.
#include "drm/sync/syncobj.h"

#include "drm/sync/syncobj_fixture.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

TEST_F(SyncobjTest, caps_say_whether_a_device_has_them) {
    drm_get_cap cap{.capability = DRM_CAP_SYNCOBJ, .value = 7};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_CAP, cap), 0);
    EXPECT_EQ(cap.value, 1u);
    Board plain;
    Client other(plain.drm());
    cap.capability = DRM_CAP_SYNCOBJ_TIMELINE;
    EXPECT_EQ(other.ioctl(DRM_IOCTL_GET_CAP, cap), 0);
    EXPECT_EQ(cap.value, 0u);
}

TEST_F(SyncobjTest, binary_is_signalled_and_reset) {
    const uint32_t one = create();
    EXPECT_EQ(wait({one}), EINVAL);
    EXPECT_EQ(on_one(DRM_IOCTL_SYNCOBJ_SIGNAL, one), 0);
    EXPECT_EQ(wait({one}), 0);
    EXPECT_EQ(first, 0u);
    EXPECT_EQ(query(one), 0u);
    EXPECT_EQ(on_one(DRM_IOCTL_SYNCOBJ_RESET, one), 0);
    EXPECT_EQ(wait({one}), EINVAL);
    EXPECT_EQ(wait({create(true)}), 0);
}

TEST_F(SyncobjTest, older_clients_structs_are_long_enough) {
    drm_syncobj_handle to{create(true), DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE, -1, 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, to), 0);
    const UniqueFd fd(to.fd);
    uint32_t handle = create(true);
    drm_syncobj_wait old{};
    old.handles = reinterpret_cast<uint64_t>(&handle);
    old.count_handles = 1;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_SYNCOBJ_WAIT, old), 0);
}

TEST_F(SyncobjTest, wait_for_nothing_is_over_and_says_nothing) {
    EXPECT_EQ(wait({}), 0);
    EXPECT_EQ(first, 1234u);
}

TEST_F(SyncobjTest, wait_for_any_says_the_lowest_that_is_signalled) {
    const uint32_t late = create(), now = create(true);
    object(late)->replace(pending());
    EXPECT_EQ(wait({late, now, now}), 0);
    EXPECT_EQ(first, 1u);
    EXPECT_EQ(wait({late, now}, wait_all), ETIME);
    EXPECT_EQ(first, 1234u);
    EXPECT_EQ(client.reason(), "1 of 2 points are signalled when the time is over");
}

TEST_F(SyncobjTest, wait_for_all_says_what_was_signalled_at_its_beginning) {
    const uint32_t one = create(), two = create();
    const Ref<Fence> of_one = pending(), of_two = pending();
    object(one)->replace(of_one);
    object(two)->replace(of_two);
    auto waiting = start([&] { return wait({one, two, one}, wait_all, for_ever); });
    of_two->signal();
    tests::wait_until_others_sleep();
    EXPECT_FALSE(tests::is_ready(waiting));
    of_one->signal(Errno::Io);  // an error counts as signalled
    EXPECT_EQ(waiting.get(), 0);
    EXPECT_EQ(first, ~0u);
}

TEST_F(SyncobjTest, wait_ends_at_its_time) {
    const uint32_t one = create();
    object(one)->replace(pending());
    const auto end = (clock.now() + std::chrono::seconds(1)).time_since_epoch().count();
    auto waiting = start([&] { return wait({one}, 0, end); });
    clock.advance(std::chrono::milliseconds(999));
    tests::wait_until_others_sleep();
    EXPECT_FALSE(tests::is_ready(waiting));
    clock.advance(std::chrono::milliseconds(1));
    EXPECT_EQ(waiting.get(), ETIME);
    EXPECT_EQ(wait({one}, 0, -5), ETIME);
}

TEST_F(SyncobjTest, wait_for_submit_waits_for_the_fence_and_then_for_its_signal) {
    const uint32_t one = create();
    const Ref<Fence> fence = pending();
    auto waiting = start([&] { return wait({one}, for_submit, for_ever); });
    object(one)->replace(fence);
    tests::wait_until_others_sleep();
    EXPECT_FALSE(tests::is_ready(waiting));
    fence->signal();
    EXPECT_EQ(waiting.get(), 0);
    EXPECT_EQ(first, 0u);
}

TEST_F(SyncobjTest, submission_is_not_missed_when_a_reset_follows_at_once) {
    const uint32_t one = create(), to = create();
    const Ref<Syncobj> syncobj = object(one);
    ThreadSleeper sleeper(clock);
    const Ref<Fence> fence = pending(), next = pending();
    {
        const Syncobj::Waiter waiter(*syncobj, 0, sleeper), later(*syncobj, 7, sleeper);
        syncobj->replace(fence);
        syncobj->replace(std::nullopt);
        syncobj->replace(next);
        EXPECT_EQ(waiter.fence(), fence);
        EXPECT_EQ(later.fence(), std::nullopt);
        EXPECT_EQ(Syncobj::Waiter(*syncobj, 0, sleeper).fence(), next);
    }
    syncobj->replace(std::nullopt);

    auto waiting = start([&] { return wait({one}, for_submit, for_ever); });
    auto transferring = start([&] { return transfer(one, 0, to, 0, for_submit); });
    syncobj->replace(fence);
    syncobj->replace(std::nullopt);
    EXPECT_EQ(transferring.get(), 0);
    EXPECT_EQ(object(to)->fence(), fence);
    tests::wait_until_others_sleep();
    EXPECT_FALSE(tests::is_ready(waiting));
    fence->signal();
    EXPECT_EQ(waiting.get(), 0);
}

TEST_F(SyncobjTest, reset_leaves_those_waiting_who_have_the_fence) {
    const uint32_t one = create();
    const Ref<Fence> fence = pending();
    object(one)->replace(fence);
    auto waiting = start([&] { return wait({one}, 0, for_ever); });
    EXPECT_EQ(on_one(DRM_IOCTL_SYNCOBJ_RESET, one), 0);
    fence->signal();
    EXPECT_EQ(waiting.get(), 0);
}

TEST_F(SyncobjTest, wait_for_a_point_until_it_is_available_or_complete) {
    const uint32_t line = create();
    const Ref<Fence> fence = pending();
    auto submitted = start([&] { return wait_point(line, 3, available, for_ever); });
    object(line)->add_point(3, fence);
    EXPECT_EQ(submitted.get(), 0);
    EXPECT_EQ(wait_point(line, 3), ETIME);
    EXPECT_EQ(wait_point(line, 4), EINVAL);
    auto complete = start([&] { return wait_point(line, 2, 0, for_ever); });
    fence->signal();
    EXPECT_EQ(complete.get(), 0);
}

TEST_F(SyncobjTest, deadline_is_a_hint_to_the_fences) {
    const uint32_t one = create();
    const Ref<Fence> fence = pending();
    object(one)->replace(fence);
    EXPECT_EQ(wait({one}, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_DEADLINE, 0, 5'000'000'000), ETIME);
    EXPECT_EQ(fence->deadline(), Time(std::chrono::seconds(5)));
    const Ref<Fence> other = pending();
    object(one)->replace(other);
    EXPECT_EQ(wait({one}, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_DEADLINE, 0, UINT64_MAX), ETIME);
    EXPECT_EQ(other->deadline(), Time(Nanos(INT64_MAX)));
}

TEST(SyncobjTime, wait_to_the_end_of_time_sleeps) {
    ThreadSleeper sleeper(Clock::real());
    auto slept = std::async(std::launch::async, [&] {
        return sleeper.sleep(Time(Nanos(INT64_MAX)), Interrupts::Allowed);
    });
    tests::wait_until_others_sleep();
    EXPECT_FALSE(tests::is_ready(slept));
    sleeper.interrupt();
    EXPECT_EQ(slept.get(), Wakeup::Interrupted);
}

TEST_F(SyncobjTest, timeline_is_complete_as_far_as_all_points_before_are) {
    const uint32_t line = create();
    const Ref<Fence> first_fence = pending();
    object(line)->add_point(1, first_fence);
    EXPECT_EQ(signal_point(line, 2), 0);
    EXPECT_EQ(query(line), 0u);
    EXPECT_EQ(query(line, DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED), 2u);
    first_fence->signal();
    EXPECT_EQ(query(line), 2u);
    EXPECT_EQ(signal_point(line, 1), 0);  // out of order: no error, the number stays
    EXPECT_EQ(query(line), 2u);
    EXPECT_EQ(on_one(DRM_IOCTL_SYNCOBJ_SIGNAL, line), 0);  // binary again
    EXPECT_EQ(query(line), 0u);
}

TEST_F(SyncobjTest, points_of_no_array_are_zero) {
    uint32_t line = create();
    drm_syncobj_timeline_array argument{reinterpret_cast<uint64_t>(&line), 0, 1, 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, argument), 0);
    EXPECT_EQ(wait({line}), 0);
}

TEST_F(SyncobjTest, query_leaves_written_what_came_before_a_fault) {
    const uint32_t lines[] = {create(), create()};
    EXPECT_EQ(signal_point(lines[0], 9), 0);
    drm_syncobj_timeline_array argument{reinterpret_cast<uint64_t>(lines), 0, 2, 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_SYNCOBJ_QUERY, argument), EFAULT);
}

TEST_F(SyncobjTest, transfer_moves_fences_between_points) {
    const uint32_t from = create(), to = create(), binary = create();
    const Ref<Fence> fence = pending();
    object(from)->add_point(4, fence);
    EXPECT_EQ(transfer(from, 4, to, 7), 0);
    EXPECT_EQ(transfer(from, 4, binary, 0), 0);
    EXPECT_EQ(query(to, DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED), 7u);
    EXPECT_EQ(wait({binary}), ETIME);
    fence->signal();
    EXPECT_EQ(query(to), 7u);
    EXPECT_EQ(wait({binary}), 0);
}

TEST_F(SyncobjTest, transfer_waits_for_a_submission_five_seconds) {
    const uint32_t from = create(), to = create();
    auto waiting = start([&] { return transfer(from, 1, to, 1, for_submit); });
    object(from)->add_point(1, pending());
    EXPECT_EQ(waiting.get(), 0);
    auto in_vain = start([&] { return transfer(from, 2, to, 2, for_submit); });
    clock.advance(std::chrono::seconds(5));
    EXPECT_EQ(in_vain.get(), ETIME);
}

TEST_F(SyncobjTest, descriptor_is_the_syncobj_itself_also_on_another_device) {
    const uint32_t one = create();
    const UniqueFd fd = export_to(one);
    SecondCard second(board.model);
    {
        Client other(second.drm());
        drm_syncobj_handle_with_point argument{0, 0, fd.borrow(), 0, 0};
        EXPECT_EQ(other.ioctl(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE_WITH_POINT, argument), 0);
        const uint32_t known = argument.handle;
        EXPECT_EQ(other.ioctl(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE_WITH_POINT, argument), 0);
        EXPECT_NE(argument.handle, known);
        EXPECT_EQ(*find_syncobj(other.file(), known), object(one));

        // The other card goes: who waits there is told, the syncobj goes on here.
        uint32_t handle = known;
        drm_syncobj_wait wait_there{};
        wait_there.handles = reinterpret_cast<uint64_t>(&handle);
        wait_there.count_handles = 1;
        wait_there.flags = for_submit;
        wait_there.timeout_nsec = for_ever;
        auto waiting = start([&] { return other.ioctl(DRM_IOCTL_SYNCOBJ_WAIT, wait_there); });
        second.unplug();
        EXPECT_EQ(waiting.get(), ENODEV);
    }
    EXPECT_EQ(on_one(DRM_IOCTL_SYNCOBJ_SIGNAL, one), 0);
    EXPECT_EQ(wait({one}), 0);
}

TEST_F(SyncobjTest, descriptor_is_always_ready_and_keeps_the_syncobj) {
    const uint32_t one = create(true);
    const UniqueFd fd = export_to(one);
    pollfd ready{.fd = fd.borrow(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&ready, 1, 0), 1);
    EXPECT_EQ(fcntl(fd.borrow(), F_GETFD), FD_CLOEXEC);
    drm_syncobj_destroy destroy{one, 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_SYNCOBJ_DESTROY, destroy), 0);
    drm_syncobj_handle_with_point argument{0, 0, fd.borrow(), 0, 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE_WITH_POINT, argument), 0);
    EXPECT_EQ(wait({argument.handle}), 0);
}

TEST_F(SyncobjTest, sync_files_come_out_and_go_in) {
    const uint32_t one = create(), line = create();
    const Ref<Fence> fence = pending();
    object(one)->replace(fence);
    const UniqueFd file = export_to(one, DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE);
    drm_syncobj_handle_with_point in{
        line,
        DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE | DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_TIMELINE,
        file.borrow(), 0, 6};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE_WITH_POINT, in), 0);
    EXPECT_EQ(query(line, DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED), 6u);
    const UniqueFd at_point = export_to(
        line,
        DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE | DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_TIMELINE,
        6);
    pollfd ready{.fd = at_point.borrow(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&ready, 1, 0), 0);
    fence->signal();
    EXPECT_EQ(poll(&ready, 1, 0), 1);
    EXPECT_EQ(query(line), 6u);
}

TEST_F(SyncobjTest, unplug_ends_waits_and_transfers) {
    const uint32_t one = create(), two = create();
    auto waiting = start([&] { return wait({one}, for_submit, for_ever); });
    auto transferring = start([&] { return transfer(one, 1, two, 1, for_submit); });
    board.unplug();
    EXPECT_EQ(waiting.get(), ENODEV);
    EXPECT_EQ(transferring.get(), ENODEV);
}

TEST_F(SyncobjTest, exported_one_goes_on_at_a_card_that_is_there) {
    const uint32_t one = create();
    const Ref<Syncobj> syncobj = object(one);
    const UniqueFd fd = export_to(one);
    SecondCard second(board.model);
    board.unplug();
    client.close();
    Client other(second.drm());
    drm_syncobj_handle_with_point argument{0, 0, fd.borrow(), 0, 0};
    EXPECT_EQ(other.ioctl(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE_WITH_POINT, argument), 0);
    EXPECT_EQ(*find_syncobj(other.file(), argument.handle), syncobj);
    drm_syncobj_array array{reinterpret_cast<uint64_t>(&argument.handle), 1, 0};
    EXPECT_EQ(other.ioctl(DRM_IOCTL_SYNCOBJ_SIGNAL, array), 0);
    drm_syncobj_wait waiting{};
    waiting.handles = reinterpret_cast<uint64_t>(&argument.handle);
    waiting.count_handles = 1;
    EXPECT_EQ(other.ioctl(DRM_IOCTL_SYNCOBJ_WAIT, waiting), 0);
}

TEST_F(SyncobjTest, closing_the_file_lets_all_go) {
    const size_t objects = live_object_count();
    auto closing = std::make_unique<Client>(board.drm());
    drm_syncobj_create argument{};
    for (int i = 0; i < 10; i++) EXPECT_EQ(closing->ioctl(DRM_IOCTL_SYNCOBJ_CREATE, argument), 0);
    EXPECT_EQ(live_object_count(), objects + 11);
    closing.reset();
    EXPECT_EQ(live_object_count(), objects);
}

TEST_F(SyncobjTest, points_added_by_several_threads_are_all_there) {
    const uint32_t line = create();
    const Ref<Syncobj> syncobj = object(line);
    const auto add = [&](uint64_t start_at) {
        for (uint64_t i = 0; i < 500; i++)
            syncobj->add_point(start_at + 2 * i, Fence::create_stub(clock, clock.now()));
    };
    std::thread other([&] { add(1); });
    add(2);
    other.join();
    EXPECT_EQ(syncobj->last_submitted(), 1000u);
    EXPECT_EQ(syncobj->last_signaled(), 1000u);
}

}  // namespace
}  // namespace plugboard::drm
