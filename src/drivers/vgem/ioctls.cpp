#include "drivers/vgem/ioctls.h"

#include <cstddef>
#include <utility>

#include "base/log.h"
#include "device/device.h"
#include "drm/device.h"
#include "drm/gem/handles.h"
#include "drm/request.h"
#include "uapi/vgem_drm.h"

namespace plugboard::vgem {
namespace {

constexpr auto driver = log::Category::Driver;
using uapi::Field, uapi::Form, uapi::Side;

constexpr uapi::Word attach_flags[] = {{VGEM_FENCE_WRITE, "WRITE"}};
constexpr Field attach_fields[] = {
    {.name = "handle", .offset = offsetof(drm_vgem_fence_attach, handle), .bytes = 4},
    {.name = "flags",
     .form = Form::Flags,
     .offset = offsetof(drm_vgem_fence_attach, flags),
     .bytes = 4,
     .words = attach_flags},
    {.name = "out_fence",
     .side = Side::Out,
     .offset = offsetof(drm_vgem_fence_attach, out_fence),
     .bytes = 4}};
constexpr Field signal_fields[] = {
    {.name = "fence", .offset = offsetof(drm_vgem_fence_signal, fence), .bytes = 4},
    {.name = "flags",
     .form = Form::Flags,
     .offset = offsetof(drm_vgem_fence_signal, flags),
     .bytes = 4}};

Result<void> attach(drm::Request& request, drm::File& file, Fences& fences,
                    drm_vgem_fence_attach& argument) {
    if (argument.flags & ~uint32_t{VGEM_FENCE_WRITE})
        return request.refuse(driver, Errno::Inval, "flags 0x{:x}: not WRITE", argument.flags);
    if (argument.pad != 0)
        return request.refuse(driver, Errno::Inval, "pad is {}, not 0", argument.pad);
    const auto object = drm::gem::find_object(file, argument.handle);
    if (!object)
        return request.refuse(driver, Errno::NoEnt, "there is no handle {}", argument.handle);
    auto charge = TRY(drm::charge(request, drm::Resource::SyncFiles));
    const bool is_write = (argument.flags & VGEM_FENCE_WRITE) != 0;
    const TimedFence made = fences.make();
    const auto usage = is_write ? drm::gem::Usage::Write : drm::gem::Usage::Read;
    if (!(*object)->memory().add_fence_if_idle(made.fence, usage, drm::gem::waits_of(is_write))) {
        made.fence->signal();
        return request.refuse(driver, Errno::Busy,
                              "handle {} has a pending fence that excludes a {}", argument.handle,
                              is_write ? "write" : "read");
    }
    argument.out_fence = file.driver_data<FileFences>().add(made, std::move(charge));
    return {};
}

Result<void> signal(drm::Request& request, drm::File& file, drm_vgem_fence_signal& argument) {
    if (argument.flags != 0)
        return request.refuse(driver, Errno::Inval, "flags 0x{:x}, not 0", argument.flags);
    const auto taken = file.driver_data<FileFences>().take(argument.fence);
    if (!taken)
        return request.refuse(driver, Errno::NoEnt, "there is no fence {}, or it was signalled",
                              argument.fence);
    if (taken->is_over())
        return request.refuse(driver, Errno::TimedOut, "fence {} has signalled after {} s",
                              argument.fence, Fences::longest / std::chrono::seconds(1));
    taken->fence->signal();
    return {};
}

}  // namespace

std::vector<drm::DriverIoctl> ioctls(device::Managed<Fences> fences) {
    constexpr uapi::Permissions render{.render = true};
    return {
        drm::driver_ioctl<drm_vgem_fence_attach>(
            {DRM_IOCTL_VGEM_FENCE_ATTACH, "VGEM_FENCE_ATTACH", "drm_vgem_fence_attach", "", render},
            attach_fields,
            [fences](drm::Request& request, drm::Device& device, drm::File& file,
                     drm_vgem_fence_attach& argument) -> Result<void> {
                const device::Entered inside = device.enter({.what = "ioctl"});
                if (!inside) return request.refuse(driver, Errno::NoDev, "the card is gone");
                return attach(request, file, fences.get(inside.bound()), argument);
            }),
        drm::driver_ioctl<drm_vgem_fence_signal>(
            {DRM_IOCTL_VGEM_FENCE_SIGNAL, "VGEM_FENCE_SIGNAL", "drm_vgem_fence_signal", "", render},
            signal_fields,
            [](drm::Request& request, drm::Device&, drm::File& file,
               drm_vgem_fence_signal& argument) { return signal(request, file, argument); }),
    };
}

}  // namespace plugboard::vgem
