// For benchmarks: ioctls in this process that nobody traces, and files whose events nobody reads.
#pragma once

#include <drm.h>
#include <drm_mode.h>
#include <fcntl.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include "base/clock.h"
#include "base/wait.h"
#include "drm/device.h"
#include "drm/file.h"
#include "drm/request.h"
#include "uapi/user_memory.h"

namespace plugboard::bench {

/// Memory of this process that is trusted: copied without asking the kernel, who would say whether
/// it is mapped. So what is measured is the product.
class TrustedMemory final : public uapi::UserMemory {
  public:
    Result<void> read(std::span<std::byte> to, uapi::UserAddress from) override {
        std::memcpy(to.data(), pointer(from), to.size());
        return {};
    }
    Result<void> write(uapi::UserAddress to, std::span<const std::byte> from) override {
        std::memcpy(pointer(to), from.data(), from.size());
        return {};
    }
    Result<void> write_now(uapi::UserAddress to, std::span<const std::byte> from) override {
        return write(to, from);
    }
    Result<UniqueFd> take_fd(int number) override {
        UniqueFd fd(fcntl(number, F_DUPFD_CLOEXEC, 0));
        if (!fd.is_open()) return Errno::BadF;
        return fd;
    }
    Result<int> install_fd(UniqueFd fd, uapi::OnExec) override { return fd.release(); }

  private:
    static void* pointer(uapi::UserAddress address) {
        return reinterpret_cast<void*>(static_cast<uintptr_t>(address));
    }
};

/// 0, or the errno.
template <class Target, class Argument>
int call_as(uapi::Credentials caller, Target& target, unsigned long command, Argument& argument) {
    TrustedMemory memory;
    ThreadSleeper sleeper(Clock::real());
    drm::Request request(memory, sleeper, caller);
    const auto done = target.ioctl(request, static_cast<uint32_t>(command),
                                   uapi::UserAddress{reinterpret_cast<uintptr_t>(&argument)});
    return done.ok() ? 0 : static_cast<int>(done.error());
}

/// As who opened the file.
template <class Argument>
int call(drm::File& file, unsigned long command, Argument& argument) {
    return call_as(file.info().opener, file, command, argument);
}

class SilentSink final : public drm::EventSink {
  public:
    void push(const drm::EventBytes&) override {}
    size_t unread() const override { return 0; }
    void hang_up() override {}
};

/// The file of that number: a thousand of each user, who may have 4096. Nothing: refused.
inline MaybeRef<drm::File> open_file(
    drm::Device& device, size_t number,
    std::unique_ptr<drm::EventSink> sink = std::make_unique<SilentSink>()) {
    const auto user = static_cast<uint32_t>(1000 + number / 1000);
    auto file = drm::File::open(
        device, {.opener = {.pid = 4242, .uid = user, .gid = user}, .command = "client"},
        std::move(sink));
    return file.ok() ? MaybeRef<drm::File>(*std::move(file)) : std::nullopt;
}

/// The handle of a new square of 32 bits a pixel; 0: refused.
inline uint32_t make_buffer(drm::File& file, uint32_t side) {
    drm_mode_create_dumb dumb{};
    dumb.width = dumb.height = side;
    dumb.bpp = 32;
    return call(file, DRM_IOCTL_MODE_CREATE_DUMB, dumb) == 0 ? dumb.handle : 0;
}

inline bool destroy_buffer(drm::File& file, uint32_t handle) {
    drm_mode_destroy_dumb gone{.handle = handle};
    return call(file, DRM_IOCTL_MODE_DESTROY_DUMB, gone) == 0;
}

/// Its handle; 0: refused.
inline uint32_t make_syncobj(drm::File& file) {
    drm_syncobj_create create{};
    return call(file, DRM_IOCTL_SYNCOBJ_CREATE, create) == 0 ? create.handle : 0;
}

/// Also for its being submitted, without end. 0, or the errno.
inline int wait_for_syncobj(drm::File& file, uint32_t handle) {
    drm_syncobj_wait wait{};
    wait.handles = reinterpret_cast<uint64_t>(&handle);
    wait.count_handles = 1;
    wait.flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT;
    wait.timeout_nsec = INT64_MAX;
    return call(file, DRM_IOCTL_SYNCOBJ_WAIT, wait);
}

}  // namespace plugboard::bench
