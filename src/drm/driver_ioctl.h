// The ioctls that a driver has beside the core's.
// Linux: struct drm_ioctl_desc, DRM_IOCTL_DEF_DRV in include/drm/drm_ioctl.h
#pragma once

#include <cstddef>
#include <cstring>
#include <functional>
#include <span>
#include <utility>

#include "base/result.h"
#include "uapi/ioctl_fields.h"
#include "uapi/ioctl_table.h"

namespace plugboard::drm {

class Device;
class File;
class Request;

/// A number of the driver's own range, 0x40..0x9f. What the row and the fields name lives for ever.
struct DriverIoctl {
    uapi::Ioctl row;  // the name: "VGEM_FENCE_ATTACH"
    std::function<Result<void>(Request&, Device&, File&, std::byte* argument)> handler;
    std::span<const uapi::Field> fields{};  // for a trace
};

/// A row whose handler is `function(Request&, Device&, File&, Argument&)`.
template <class Argument, class Function>
DriverIoctl driver_ioctl(const uapi::Ioctl& row, std::span<const uapi::Field> fields,
                         Function function) {
    auto handler = [function = std::move(function)](Request& request, Device& device, File& file,
                                                    std::byte* bytes) {
        Argument argument;
        std::memcpy(&argument, bytes, sizeof(argument));
        Result<void> result = function(request, device, file, argument);
        std::memcpy(bytes, &argument, sizeof(argument));
        return result;
    };
    return {row, std::move(handler), fields};
}

}  // namespace plugboard::drm
