// For tests: fences, the descriptors that clients hold of them, and calls on these.
#pragma once

#include <gtest/gtest.h>
#include <linux/sync_file.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/wait.h"
#include "device/model.h"
#include "drm/request.h"
#include "drm/sync/fence.h"
#include "drm/sync/sw_sync.h"
#include "drm/sync/sync_file.h"
#include "uapi/in_process_memory.h"

namespace plugboard::drm {

/// Memory of a caller that has no descriptor left.
class FullCaller final : public uapi::UserMemory {
  public:
    Result<void> read(std::span<std::byte> to, uapi::UserAddress from) override {
        return memory_.read(to, from);
    }
    Result<void> write(uapi::UserAddress to, std::span<const std::byte> from) override {
        return memory_.write(to, from);
    }
    Result<void> write_now(uapi::UserAddress to, std::span<const std::byte> from) override {
        return memory_.write_now(to, from);
    }
    Result<UniqueFd> take_fd(int number) override { return memory_.take_fd(number); }
    Result<int> install_fd(UniqueFd, uapi::OnExec) override { return Errno::MFile; }

  private:
    uapi::InProcessMemory memory_;
};

class SyncTest : public testing::Test {
  protected:
    SpecialFiles& files() { return model.service<SpecialFiles>(); }
    Ref<Fence> make_fence() {
        return Fence::create(clock, {.context = next_fence_context(),
                                     .seqno = 7,
                                     .driver = "vkms",
                                     .timeline = "CRTC:35-crtc-0"});
    }
    /// The errno; each but 0 must come with a reason.
    int call(const UniqueFd& fd, unsigned long command, void* argument) {
        uapi::InProcessMemory memory;
        const int error = call_with(memory, fd, command, argument);
        memory.end_request(error != 0);
        return error;
    }
    int call_of_full_caller(const UniqueFd& fd, unsigned long command, void* argument) {
        FullCaller memory;
        return call_with(memory, fd, command, argument);
    }
    int call_with(uapi::UserMemory& memory, const UniqueFd& fd, unsigned long command,
                  void* argument) {
        auto file = files().find(fd);
        EXPECT_TRUE(file);
        if (!file) return -1;
        ThreadSleeper sleeper(clock);
        Request request(memory, sleeper, {});
        request.keep_reasons();
        auto done = (*file)->ioctl(request, static_cast<uint32_t>(command),
                                   uapi::UserAddress{reinterpret_cast<uint64_t>(argument)});
        if (done.ok()) return 0;
        EXPECT_NE(request.reason(), "");
        return static_cast<int>(done.error());
    }
    UniqueFd merge_files(const UniqueFd& one, const UniqueFd& two, const std::string& name = "") {
        sync_merge_data data{};
        std::memcpy(data.name, name.data(), std::min(name.size(), sizeof data.name));
        data.fd2 = two.borrow();
        EXPECT_EQ(call(one, SYNC_IOC_MERGE, &data), 0);
        return UniqueFd(data.fence);
    }
    /// As the call leaves it, with room for `room` leaves.
    sync_file_info file_info(const UniqueFd& fd, uint32_t room = 0) {
        leaves_of_file.assign(room, {});
        sync_file_info info{};
        info.num_fences = room;
        info.sync_fence_info = reinterpret_cast<uint64_t>(leaves_of_file.data());
        EXPECT_EQ(call(fd, SYNC_IOC_FILE_INFO, &info), 0);
        return info;
    }
    int set_deadline(const UniqueFd& fd, uint64_t deadline_ns) {
        struct {
            uint64_t deadline_ns, pad;
        } data{deadline_ns, 0};
        return call(fd, _IOW('>', 5, decltype(data)), &data);
    }
    uint64_t deadline_of(const UniqueFd& timeline, const UniqueFd& fd) {
        SwSyncGetDeadline get{};
        get.fence_fd = fd.borrow();
        EXPECT_EQ(call(timeline, sw_sync_get_deadline, &get), 0);
        return get.deadline_ns;
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
    std::vector<sync_fence_info> leaves_of_file;  // of the last file_info()
};

}  // namespace plugboard::drm
