// What syncobjs do: binary ones, timelines, waits, transfers, eventfds. What they refuse is in
// tests/contract/syncobj_contracts.cpp.
#include "drm/sync/syncobj.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "drm/sync/sw_sync.h"
#include "drm/sync/sync_file.h"
#include "tests/support/drm_client.h"
#include "tests/support/threads.h"
#include "uapi/in_process_memory.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

constexpr uint32_t wait_all = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL;
constexpr uint32_t for_submit = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT;
constexpr uint32_t available = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE;
constexpr int64_t for_ever = INT64_MAX;

tests::CardInfo card_with_syncobj() {
    tests::CardInfo info;
    info.driver.syncobj = true;
    return info;
}

/// A card with syncobjs, on a clock that stands still.
class SyncobjTest : public testing::Test {
  protected:
    uint32_t create(bool signaled = false) {
        drm_syncobj_create argument{};
        argument.flags = signaled ? uint32_t{DRM_SYNCOBJ_CREATE_SIGNALED} : 0;
        EXPECT_EQ(client.ioctl(DRM_IOCTL_SYNCOBJ_CREATE, argument), 0);
        return argument.handle;
    }
    Ref<Syncobj> object(uint32_t handle) { return *find_syncobj(client.file(), handle); }
    Ref<Fence> pending() {
        return Fence::create(
            clock,
            {.context = next_fence_context(), .seqno = 1, .driver = "test", .timeline = "line"});
    }
    int on_one(unsigned long command, uint32_t handle) {
        drm_syncobj_array argument{reinterpret_cast<uint64_t>(&handle), 1, 0};
        return client.ioctl(command, argument);
    }
    int signal_point(uint32_t handle, uint64_t point) {
        drm_syncobj_timeline_array argument{reinterpret_cast<uint64_t>(&handle),
                                            reinterpret_cast<uint64_t>(&point), 1, 0};
        return client.ioctl(DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, argument);
    }
    uint64_t query(uint32_t handle, uint32_t flags = 0) {
        uint64_t point = 77;
        drm_syncobj_timeline_array argument{reinterpret_cast<uint64_t>(&handle),
                                            reinterpret_cast<uint64_t>(&point), 1, flags};
        EXPECT_EQ(client.ioctl(DRM_IOCTL_SYNCOBJ_QUERY, argument), 0);
        return point;
    }
    /// The errno; what was first is in `first`.
    int wait(std::vector<uint32_t> handles, uint32_t flags = 0, int64_t timeout = 0,
             uint64_t deadline = 0) {
        drm_syncobj_wait_with_deadline argument{};
        argument.handles = reinterpret_cast<uint64_t>(handles.data());
        argument.count_handles = static_cast<uint32_t>(handles.size());
        argument.flags = flags;
        argument.timeout_nsec = timeout;
        argument.first_signaled = 1234;
        argument.deadline_nsec = deadline;
        const int error = client.ioctl(DRM_IOCTL_SYNCOBJ_WAIT_WITH_DEADLINE, argument);
        first = argument.first_signaled;
        return error;
    }
    int wait_point(uint32_t handle, uint64_t point, uint32_t flags = 0, int64_t timeout = 0) {
        drm_syncobj_timeline_wait argument{};
        argument.handles = reinterpret_cast<uint64_t>(&handle);
        argument.points = reinterpret_cast<uint64_t>(&point);
        argument.count_handles = 1;
        argument.flags = flags;
        argument.timeout_nsec = timeout;
        return client.ioctl(DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, argument);
    }
    int transfer(uint32_t from, uint64_t from_point, uint32_t to, uint64_t to_point,
                 uint32_t flags = 0) {
        drm_syncobj_transfer argument{from, to, from_point, to_point, flags, 0};
        return client.ioctl(DRM_IOCTL_SYNCOBJ_TRANSFER, argument);
    }
    int watch(uint32_t handle, uint64_t point, const UniqueFd& fd, uint32_t flags = 0) {
        drm_syncobj_eventfd argument{handle, flags, point, fd.borrow(), 0};
        return client.ioctl(DRM_IOCTL_SYNCOBJ_EVENTFD, argument);
    }
    static uint64_t count_of(const UniqueFd& fd) {
        pollfd ready{.fd = fd.borrow(), .events = POLLIN, .revents = 0};
        uint64_t count = 0;
        if (poll(&ready, 1, 0) != 1) return 0;
        EXPECT_EQ(read(fd.borrow(), &count, sizeof(count)), ssize_t{sizeof(count)});
        return count;
    }
    template <class Call>
    std::future<int> start(Call call) {
        auto result = std::async(std::launch::async, std::move(call));
        tests::wait_until_others_sleep();
        EXPECT_FALSE(tests::is_ready(result));
        return result;
    }
    UniqueFd export_to(uint32_t handle, uint32_t flags = 0, uint64_t point = 0) {
        drm_syncobj_handle_with_point argument{handle, flags, -1, 0, point};
        EXPECT_EQ(client.ioctl(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD_WITH_POINT, argument), 0);
        return UniqueFd(argument.fd);
    }

    FakeClock clock;
    Board board{card_with_syncobj(), clock};
    Client client{board.drm()};
    uint32_t first = 0;
};

/// Another card with syncobjs on the same machine.
class SecondCard {
  public:
    explicit SecondCard(device::Model& model) : bus_(model.platform_bus()) {
        bus_.add_driver(driver_).value();
        device::DeviceInfo info;
        info.name = "second";
        device_ = model.add_platform_device(std::move(info)).value();
    }
    ~SecondCard() {
        unplug();
        drm_.reset();
        bus_.remove_driver(driver_).value();
    }
    SecondCard(const SecondCard&) = delete;
    SecondCard& operator=(const SecondCard&) = delete;

    drm::Device& drm() { return **drm_; }
    void unplug() { (*device_)->del(); }

  private:
    device::Bus& bus_;
    device::FunctionDriver driver_{
        {.name = "second", .matches = {"second"}}, [this](device::Bound& bound) -> Result<void> {
            drm_ = TRY(
                drm::Device::create(bound, {.name = "second", .modeset = false, .syncobj = true}));
            return (*drm_)->publish(bound);
        }};
    MaybeRef<device::Device> device_;
    MaybeRef<drm::Device> drm_;
};

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

TEST_F(SyncobjTest, unplug_ends_waits_and_transfers) {
    const uint32_t one = create(), two = create();
    auto waiting = start([&] { return wait({one}, for_submit, for_ever); });
    auto transferring = start([&] { return transfer(one, 1, two, 1, for_submit); });
    board.unplug();
    EXPECT_EQ(waiting.get(), ENODEV);
    EXPECT_EQ(transferring.get(), ENODEV);
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
