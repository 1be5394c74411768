// The way of an ioctl from its number to its handler.
// Linux: drivers/gpu/drm/drm_ioctl.c, drm_ioctl, drm_ioctl_kernel, drm_ioctl_permit
#include "drm/dispatch.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>

#include "drm/device_state.h"
#include "drm/driver_ioctl.h"
#include "drm/file_state.h"
#include "drm/handlers.h"
#include "drm/trace/ioctl_text.h"
#include "uapi/ioctl_table.h"

namespace plugboard::drm {
namespace {

/// What not every device has, and how its ioctls then fail.
enum class Needs { Nothing, Modeset, ModesetOrInval, Syncobj };

using Handler = Result<void> (*)(Request&, Device&, File&, std::byte* argument);

struct Slot {
    Handler handler = nullptr;
    uint32_t command = 0;
    Needs needs = Needs::Nothing;
};

template <class Argument>
using StructHandler = Result<void> (*)(Request&, Device&, File&, Argument&);

/// Calls a handler with a copy of the struct, and copies what it changed back.
template <class Argument, StructHandler<Argument> function>
Result<void> with_struct(Request& request, Device& device, File& file, std::byte* bytes) {
    Argument argument;
    std::memcpy(&argument, bytes, sizeof(argument));
    Result<void> result = function(request, device, file, argument);
    std::memcpy(bytes, &argument, sizeof(argument));
    return result;
}

template <Result<void> (*function)(Request&, Device&, File&)>
Result<void> without_struct(Request& request, Device& device, File& file, std::byte*) {
    return function(request, device, file);
}

Result<void> no_operation(Request&, Device&, File&, std::byte*) {
    return {};
}

/// Linux: drm_invalid_op
Result<void> invalid_operation(Request& request, Device&, File&, std::byte*) {
    return request.refuse(core, Errno::Inval, "{} does nothing in any driver", request.row().name);
}

template <class Handler>
struct ArgumentOf;
template <class Argument>
struct ArgumentOf<StructHandler<Argument>> {
    using Type = Argument;
};

using enum Needs;

template <auto function>
constexpr Slot calls(uint32_t command, Needs needs) {
    using Argument = typename ArgumentOf<decltype(function)>::Type;
    return {&with_struct<Argument, function>, command, needs};
}

constexpr Slot slots[] = {
    calls<&ioctl_version>(DRM_IOCTL_VERSION, Nothing),
    calls<&ioctl_get_unique>(DRM_IOCTL_GET_UNIQUE, Nothing),
    calls<&ioctl_get_magic>(DRM_IOCTL_GET_MAGIC, Nothing),
    calls<&ioctl_get_client>(DRM_IOCTL_GET_CLIENT, Nothing),
    calls<&ioctl_get_stats>(DRM_IOCTL_GET_STATS, Nothing),
    calls<&ioctl_set_version>(DRM_IOCTL_SET_VERSION, Nothing),
    calls<&ioctl_gem_close>(DRM_IOCTL_GEM_CLOSE, Nothing),
    calls<&ioctl_gem_flink>(DRM_IOCTL_GEM_FLINK, Nothing),
    calls<&ioctl_gem_open>(DRM_IOCTL_GEM_OPEN, Nothing),
    calls<&ioctl_get_cap>(DRM_IOCTL_GET_CAP, Nothing),
    calls<&ioctl_set_client_cap>(DRM_IOCTL_SET_CLIENT_CAP, Modeset),
    {&invalid_operation, DRM_IOCTL_SET_UNIQUE},
    calls<&ioctl_auth_magic>(DRM_IOCTL_AUTH_MAGIC, Nothing),
    {&no_operation, DRM_IOCTL_BLOCK},
    {&no_operation, DRM_IOCTL_UNBLOCK},
    {&without_struct<&ioctl_set_master>, DRM_IOCTL_SET_MASTER},
    {&without_struct<&ioctl_drop_master>, DRM_IOCTL_DROP_MASTER},
    {&no_operation, DRM_IOCTL_ADD_DRAW},
    {&no_operation, DRM_IOCTL_RM_DRAW},
    {&no_operation, DRM_IOCTL_FINISH},
    calls<&ioctl_prime_handle_to_fd>(DRM_IOCTL_PRIME_HANDLE_TO_FD, Nothing),
    calls<&ioctl_prime_fd_to_handle>(DRM_IOCTL_PRIME_FD_TO_HANDLE, Nothing),
    calls<&ioctl_wait_vblank>(DRM_IOCTL_WAIT_VBLANK, Modeset),
    calls<&ioctl_crtc_get_sequence>(DRM_IOCTL_CRTC_GET_SEQUENCE, Modeset),
    calls<&ioctl_crtc_queue_sequence>(DRM_IOCTL_CRTC_QUEUE_SEQUENCE, Modeset),
    {&no_operation, DRM_IOCTL_UPDATE_DRAW},

    calls<&ioctl_get_resources>(DRM_IOCTL_MODE_GETRESOURCES, Modeset),
    calls<&ioctl_get_crtc>(DRM_IOCTL_MODE_GETCRTC, Modeset),
    calls<&ioctl_set_crtc>(DRM_IOCTL_MODE_SETCRTC, Modeset),
    calls<&ioctl_cursor>(DRM_IOCTL_MODE_CURSOR, Modeset),
    calls<&ioctl_get_gamma>(DRM_IOCTL_MODE_GETGAMMA, Modeset),
    calls<&ioctl_set_gamma>(DRM_IOCTL_MODE_SETGAMMA, Modeset),
    calls<&ioctl_get_encoder>(DRM_IOCTL_MODE_GETENCODER, Modeset),
    calls<&ioctl_get_connector>(DRM_IOCTL_MODE_GETCONNECTOR, Modeset),
    {&no_operation, DRM_IOCTL_MODE_ATTACHMODE},
    {&no_operation, DRM_IOCTL_MODE_DETACHMODE},
    calls<&ioctl_get_property>(DRM_IOCTL_MODE_GETPROPERTY, Modeset),
    calls<&ioctl_set_property>(DRM_IOCTL_MODE_SETPROPERTY, Modeset),
    calls<&ioctl_get_prop_blob>(DRM_IOCTL_MODE_GETPROPBLOB, Modeset),
    calls<&ioctl_get_fb>(DRM_IOCTL_MODE_GETFB, Modeset),
    calls<&ioctl_add_fb>(DRM_IOCTL_MODE_ADDFB, Modeset),
    calls<&ioctl_rm_fb>(DRM_IOCTL_MODE_RMFB, Modeset),
    calls<&ioctl_page_flip>(DRM_IOCTL_MODE_PAGE_FLIP, Modeset),
    calls<&ioctl_dirty_fb>(DRM_IOCTL_MODE_DIRTYFB, Modeset),
    calls<&ioctl_create_dumb>(DRM_IOCTL_MODE_CREATE_DUMB, Nothing),
    calls<&ioctl_map_dumb>(DRM_IOCTL_MODE_MAP_DUMB, Nothing),
    calls<&ioctl_destroy_dumb>(DRM_IOCTL_MODE_DESTROY_DUMB, Nothing),
    calls<&ioctl_get_plane_resources>(DRM_IOCTL_MODE_GETPLANERESOURCES, Modeset),
    calls<&ioctl_get_plane>(DRM_IOCTL_MODE_GETPLANE, Modeset),
    calls<&ioctl_set_plane>(DRM_IOCTL_MODE_SETPLANE, Modeset),
    calls<&ioctl_add_fb2>(DRM_IOCTL_MODE_ADDFB2, Modeset),
    calls<&ioctl_obj_get_properties>(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, Modeset),
    calls<&ioctl_obj_set_property>(DRM_IOCTL_MODE_OBJ_SETPROPERTY, Modeset),
    calls<&ioctl_cursor2>(DRM_IOCTL_MODE_CURSOR2, Modeset),
    calls<&ioctl_atomic>(DRM_IOCTL_MODE_ATOMIC, Modeset),
    calls<&ioctl_create_prop_blob>(DRM_IOCTL_MODE_CREATEPROPBLOB, Modeset),
    calls<&ioctl_destroy_prop_blob>(DRM_IOCTL_MODE_DESTROYPROPBLOB, Modeset),

    calls<&ioctl_syncobj_create>(DRM_IOCTL_SYNCOBJ_CREATE, Syncobj),
    calls<&ioctl_syncobj_destroy>(DRM_IOCTL_SYNCOBJ_DESTROY, Syncobj),
    calls<&ioctl_syncobj_handle_to_fd>(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD_WITH_POINT, Syncobj),
    calls<&ioctl_syncobj_fd_to_handle>(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE_WITH_POINT, Syncobj),
    calls<&ioctl_syncobj_wait>(DRM_IOCTL_SYNCOBJ_WAIT_WITH_DEADLINE, Syncobj),
    calls<&ioctl_syncobj_reset>(DRM_IOCTL_SYNCOBJ_RESET, Syncobj),
    calls<&ioctl_syncobj_signal>(DRM_IOCTL_SYNCOBJ_SIGNAL, Syncobj),
    calls<&ioctl_create_lease>(DRM_IOCTL_MODE_CREATE_LEASE, Modeset),
    calls<&ioctl_list_lessees>(DRM_IOCTL_MODE_LIST_LESSEES, Nothing),
    calls<&ioctl_get_lease>(DRM_IOCTL_MODE_GET_LEASE, Nothing),
    calls<&ioctl_revoke_lease>(DRM_IOCTL_MODE_REVOKE_LEASE, Modeset),
    calls<&ioctl_syncobj_timeline_wait>(DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT_WITH_DEADLINE, Syncobj),
    calls<&ioctl_syncobj_query>(DRM_IOCTL_SYNCOBJ_QUERY, Syncobj),
    calls<&ioctl_syncobj_transfer>(DRM_IOCTL_SYNCOBJ_TRANSFER, Syncobj),
    calls<&ioctl_syncobj_timeline_signal>(DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, Syncobj),
    calls<&ioctl_get_fb2>(DRM_IOCTL_MODE_GETFB2, ModesetOrInval),
    calls<&ioctl_syncobj_eventfd>(DRM_IOCTL_SYNCOBJ_EVENTFD, Syncobj),
    calls<&ioctl_close_fb>(DRM_IOCTL_MODE_CLOSEFB, Modeset),
    calls<&ioctl_set_client_name>(DRM_IOCTL_SET_CLIENT_NAME, Nothing),
    {&invalid_operation, DRM_IOCTL_GEM_CHANGE_HANDLE},
};

constexpr std::array<Slot, uapi::table_size> by_number() {
    std::array<Slot, uapi::table_size> table{};
    for (const Slot& slot : slots) table[_IOC_NR(slot.command)] = slot;
    return table;
}
constexpr auto table = by_number();

/// A row with what serves it, the core or the driver.
struct Call {
    const uapi::Ioctl* row = nullptr;  // null: there is no such ioctl
    Slot slot{};
    const DriverIoctl* own = nullptr;

    Result<void> handle(Request& request, Device& device, File& file, std::byte* bytes) const {
        return own ? own->handler(request, device, file, bytes)
                   : slot.handler(request, device, file, bytes);
    }
    std::span<const uapi::Field> fields() const {
        return own ? own->fields : uapi::ioctl_fields(row->number());
    }
};

Call find_call(const Device& device, uint32_t number) {
    if (const uapi::Ioctl* row = uapi::find_ioctl(number)) return {row, table[number]};
    for (const DriverIoctl& own : device.info().ioctls) {
        if (own.row.number() == number) return {&own.row, {}, &own};
    }
    return {};
}

/// The caller's struct on its way in and out, zero beyond what the caller gave.
class ArgumentBuffer {
  public:
    /// False: no memory.
    bool make(size_t size) {
        if (size > small_.size()) {
            large_.reset(new (std::nothrow) std::byte[size]());
            if (!large_) return false;
        }
        return true;
    }
    std::byte* data() { return large_ ? large_.get() : small_.data(); }

  private:
    alignas(16) std::array<std::byte, 128> small_{};
    std::unique_ptr<std::byte[]> large_;
};

Result<void> check_permissions(Request& request, File& file) {
    const uapi::Permissions& needed = request.row().permissions;
    if (needed.root_only && !request.caller().is_root())
        return request.refuse(core, Errno::Access, "only root may do this");
    if (needed.auth && !file.is_render() && !file.state().is_authenticated)
        return request.refuse(core, Errno::Access, "the file is not authenticated");
    if (needed.master && !is_current_master(file))
        return request.refuse(core, Errno::Access, "the file is not the current master");
    if (file.is_render() && !needed.render)
        return request.refuse(core, Errno::Access, "not allowed on a render node");
    return {};
}

Result<void> check_features(Request& request, const Device& device, Needs needs) {
    if (needs == Needs::Nothing) return {};
    if (needs == Needs::Syncobj) {
        if (device.info().syncobj) return {};
        return request.refuse(core, Errno::OpNotSupp, "the driver {} has no syncobj",
                              device.info().name);
    }
    if (device.has_modeset()) return {};
    return request.refuse(core, needs == Needs::Modeset ? Errno::OpNotSupp : Errno::Inval,
                          "the driver {} has no modeset", device.info().name);
}

/// Follows the file to the process it was passed to, unless it has been master.
void refresh_owner(const Request& request, File& file) {
    File::State& state = file.state();
    if (state.pid == request.caller().pid) return;
    MutexLock lock(file.device().state().master_mutex);
    if (state.was_master) return;
    state.pid = request.caller().pid;
    state.uid = request.caller().uid;
}

Errno gone(Request& request, const Device& device) {
    return request.refuse(core, Errno::NoDev, "{} is gone", device.card_name());
}

/// Handlers pass on as they are how a wait has ended, and what the caller's memory has answered.
Result<void> with_reason(Request& request, Result<void> done) {
    if (!done.ok() && done.error() == Errno::Intr && !request.is_refused())
        return request.refuse(core, Errno::Intr, "a signal ended the wait");
    return request.name_fault(core, done);
}

/// What follows the copy of the argument.
Result<void> run(Request& request, Device& device, File& file, const Call& call,
                 std::span<std::byte> bytes) {
    refresh_owner(request, file);
    request.stop_point(device, StopPoint::AfterCopy);
    if (device.is_gone()) return gone(request, device);
    TRY(check_permissions(request, file));
    TRY(check_features(request, device, call.slot.needs));
    if (FaultPlan& faults = device.state().faults; !faults.is_empty())
        TRY(faults.check_call(request, file, bytes));
    return with_reason(request, call.handle(request, device, file, bytes.data()));
}

Result<void> run_described(Request& request, Device& device, File& file, const Call& call,
                           std::span<std::byte> argument) {
    request.text()->argument = argument_text(request, device, call.fields(), argument);
    Result<void> result = run(request, device, file, call, argument);
    if (result.ok()) request.text()->answer = answer_text(call.fields(), argument);
    return result;
}

Result<void> dispatch(Request& request, Device& device, File& file, uint32_t command,
                      uapi::UserAddress address) {
    const uint32_t number = _IOC_NR(command);
    const bool is_drm = _IOC_TYPE(command) == uapi::type_byte;
    const Call call = is_drm ? find_call(device, number) : Call{};
    if (call.row) {
        request.begin(*call.row);
        request.stop_point(device, StopPoint::Entry);
    }
    if (device.is_gone()) return gone(request, device);
    if (!is_drm) {
        return request.refuse(core, Errno::NoTty, "type byte 0x{:02x} is not DRM's",
                              _IOC_TYPE(command));
    }
    if (!call.row) return request.refuse(core, Errno::Inval, "there is no ioctl 0x{:02x}", number);

    const uint32_t both = command & call.row->command;
    const size_t caller_size = _IOC_SIZE(command);
    const size_t in_size = both & IOC_IN ? caller_size : 0;
    const size_t out_size = both & IOC_OUT ? caller_size : 0;
    ArgumentBuffer buffer;
    const size_t size = std::max<size_t>({in_size, out_size, call.row->size()});
    if (!buffer.make(size))
        return request.refuse(core, Errno::NoMem, "the argument's {} bytes", size);
    if (auto copied = request.memory().read({buffer.data(), in_size}, address); !copied.ok()) {
        return request.refuse(core, copied.error(), "the {} bytes of the argument at 0x{:x}",
                              in_size, static_cast<uint64_t>(address));
    }
    Result<void> result = request.text()
                              ? run_described(request, device, file, call, {buffer.data(), size})
                              : run(request, device, file, call, {buffer.data(), size});
    if (auto copied = request.memory().write(address, {buffer.data(), out_size}); !copied.ok()) {
        return request.refuse(core, copied.error(), "the {} bytes of the answer to 0x{:x}",
                              out_size, static_cast<uint64_t>(address));
    }
    return result;
}

}  // namespace

bool has_handler(uint32_t number) {
    return number < table.size() && table[number].handler != nullptr;
}

Result<int> File::ioctl(Request& request, uint32_t command, uapi::UserAddress argument) {
    const Result<void> result = dispatch(request, *device_, *this, command, argument);
    request.write_reasons();
    log::line(log::Category::Ioctl, "{}: pid {}: {} (0x{:08x}): {}", device_->card_name(),
              request.caller().pid, request.has_row() ? request.row().name : "unknown ioctl",
              command, result.ok() ? "0" : errno_name(result.error()));
    if (!result.ok()) return result.error();
    return 0;
}

}  // namespace plugboard::drm
