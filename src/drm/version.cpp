// VERSION, GET_UNIQUE, GET_CLIENT, GET_STATS, SET_VERSION, SET_CLIENT_NAME.
// Linux: drivers/gpu/drm/drm_ioctl.c
#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "drm/device_state.h"
#include "drm/file_state.h"
#include "drm/handlers.h"

namespace plugboard::drm {
namespace {

constexpr int interface_major = 1;
constexpr int interface_minor = 4;
constexpr uint64_t max_client_name = 64;
constexpr unsigned long overflow_uid = 65534;

/// As many bytes as fit; the length out is the whole text's. Linux: drm_copy_field
Result<void> copy_field(Request& request, char* to, __kernel_size_t& length,
                        std::string_view text) {
    const size_t copied = std::min<size_t>(length, text.size());
    length = text.size();
    if (copied == 0 || !to) return {};
    return request.memory().write(uapi::UserAddress{reinterpret_cast<uintptr_t>(to)},
                                  std::as_bytes(std::span(text.data(), copied)));
}

/// What SET_VERSION asks for, or why it cannot be had.
Result<void> check_version(Request& request, const char* what, int major, int minor, int has_major,
                           int has_minor) {
    if (major == has_major && minor >= 0 && minor <= has_minor) return {};
    return request.refuse(core, Errno::Inval, "{} version {}.{} is not between {}.0 and {}.{}",
                          what, major, minor, has_major, has_major, has_minor);
}

}  // namespace

Result<void> ioctl_version(Request& request, Device& device, File&, drm_version& argument) {
    const DriverInfo& info = device.info();
    argument.version_major = info.major;
    argument.version_minor = info.minor;
    argument.version_patchlevel = info.patch;
    TRY(copy_field(request, argument.name, argument.name_len, info.name));
    TRY(copy_field(request, argument.date, argument.date_len, info.date));
    TRY(copy_field(request, argument.desc, argument.desc_len, info.description));
    return {};
}

Result<void> ioctl_get_unique(Request& request, Device& device, File& file, drm_unique& argument) {
    std::string unique;
    {
        MutexLock lock(device.state().master_mutex);
        if (file.state().master) unique = (*file.state().master)->unique;
    }
    if (argument.unique_len >= unique.size() && !unique.empty()) {
        TRY(request.memory().write(uapi::UserAddress{reinterpret_cast<uintptr_t>(argument.unique)},
                                   std::as_bytes(std::span(unique))));
    }
    argument.unique_len = unique.size();
    return {};
}

Result<void> ioctl_get_client(Request& request, Device&, File& file, drm_client& argument) {
    if (argument.idx != 0)
        return request.refuse(core, Errno::Inval, "client index {} is not 0", argument.idx);
    argument.auth = file.state().is_authenticated;
    argument.pid = static_cast<unsigned long>(request.caller().pid);
    argument.uid = overflow_uid;
    argument.magic = 0;
    argument.iocs = 0;
    return {};
}

Result<void> ioctl_get_stats(Request&, Device&, File&, drm_stats& argument) {
    argument = {};
    return {};
}

Result<void> ioctl_set_version(Request& request, Device& device, File& file,
                               drm_set_version& argument) {
    const drm_set_version wanted = argument;
    argument = {.drm_di_major = interface_major,
                .drm_di_minor = interface_minor,
                .drm_dd_major = device.info().major,
                .drm_dd_minor = device.info().minor};
    if (wanted.drm_di_major != -1) {
        TRY(check_version(request, "interface", wanted.drm_di_major, wanted.drm_di_minor,
                          interface_major, interface_minor));
        if (wanted.drm_di_minor >= 1) {
            MutexLock lock(device.state().master_mutex);
            if (file.state().master) (*file.state().master)->unique = device.parent().name();
        }
    }
    if (wanted.drm_dd_major != -1) {
        TRY(check_version(request, "driver", wanted.drm_dd_major, wanted.drm_dd_minor,
                          device.info().major, device.info().minor));
    }
    return {};
}

Result<void> ioctl_set_client_name(Request& request, Device&, File& file,
                                   drm_set_client_name& argument) {
    if (argument.name_len > max_client_name)
        return request.refuse(core, Errno::Inval, "a name of {} bytes is longer than {}",
                              argument.name_len, max_client_name);
    std::array<char, max_client_name> bytes{};
    const auto name = std::span(bytes).first(argument.name_len);
    TRY(request.memory().read(std::as_writable_bytes(name), uapi::UserAddress{argument.name}));
    for (const char c : name) {
        if (c <= ' ' || c > '~')
            return request.refuse(core, Errno::Inval,
                                  "byte 0x{:02x} in the name is not printable ASCII",
                                  static_cast<unsigned char>(c));
    }
    File::State& state = file.state();
    MutexLock lock(state.mutex);
    state.client_name.assign(name.data(), name.size());
    return {};
}

}  // namespace plugboard::drm
