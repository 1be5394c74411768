// For tests: a card with syncobjs and its client.
#pragma once

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
#include "drm/sync/syncobj.h"
#include "tests/support/drm_client.h"
#include "tests/support/threads.h"
#include "uapi/in_process_memory.h"

namespace plugboard::drm {

inline constexpr uint32_t wait_all = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL;
inline constexpr uint32_t for_submit = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT;
inline constexpr uint32_t available = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE;
inline constexpr int64_t for_ever = INT64_MAX;

inline tests::CardInfo card_with_syncobj() {
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
    tests::Board board{card_with_syncobj(), clock};
    tests::Client client{board.drm()};
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

}  // namespace plugboard::drm
