// What a later version will do: leases. Wrong arguments are refused as Linux does; valid use is
// answered with EOPNOTSUPP and the reason (docs/limits.md).
#include <fcntl.h>

#include <algorithm>
#include <new>
#include <optional>
#include <set>
#include <vector>

#include "drm/file_state.h"
#include "drm/handlers.h"
#include "drm/objects/lookup.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {
namespace {

constexpr auto lease = log::Category::Lease;
constexpr uint32_t max_lease_objects = 65536;  // more than any device has

Errno later(Request& request) {
    return request.refuse(lease, Errno::OpNotSupp, "a lease is not there yet");
}

/// The types that can be leased, one element an id; in the order of Linux's checks.
Result<std::vector<ObjectType>> types_of(Request& request, Device& device,
                                         const std::vector<uint32_t>& ids) {
    std::vector<ObjectType> types;
    for (const uint32_t id : ids) {
        const auto type = find_type(device, ObjectId{id});
        if (!type) return request.refuse(lease, Errno::NoEnt, "there is no object {}", id);
        if (*type != ObjectType::Crtc && *type != ObjectType::Connector &&
            *type != ObjectType::Plane)
            return request.refuse(lease, Errno::Inval, "object {} cannot be leased", id);
        types.push_back(*type);
    }
    return types;
}

/// Every CRTC brings its primary and its cursor plane along for a client that does not see planes.
std::vector<uint32_t> with_implicit_planes(Device& device, uint32_t id) {
    std::vector<uint32_t> ids{id};
    for (const Crtc* crtc : device.mode_config().crtcs) {
        if (raw(crtc->id()) != id) continue;
        if (crtc->info().primary) ids.push_back(raw(crtc->info().primary->id()));
        if (crtc->info().cursor) ids.push_back(raw(crtc->info().cursor->id()));
    }
    return ids;
}

}  // namespace

Result<void> ioctl_create_lease(Request& request, Device& device, File& file,
                                drm_mode_create_lease& argument) {
    if (argument.flags & ~static_cast<uint32_t>(O_CLOEXEC | O_NONBLOCK)) {
        return request.refuse(lease, Errno::Inval, "flags 0x{:x}: not CLOEXEC or NONBLOCK",
                              argument.flags);
    }
    if (argument.object_count > max_lease_objects)
        return request.refuse(lease, Errno::NoMem, "{} objects", argument.object_count);
    std::vector<uint32_t> ids(argument.object_count);
    TRY(request.memory().read(std::as_writable_bytes(std::span(ids)),
                              uapi::UserAddress{argument.object_ids}));
    if (ids.empty()) return later(request);

    const std::vector<ObjectType> types = TRY(types_of(request, device, ids));
    const auto has = [&](ObjectType type) { return std::ranges::count(types, type) != 0; };
    const bool universal = file.caps().universal_planes;
    if (!has(ObjectType::Crtc) || !has(ObjectType::Connector))
        return request.refuse(lease, Errno::Inval, "a lease needs a CRTC and a connector");
    if (universal && !has(ObjectType::Plane))
        return request.refuse(lease, Errno::Inval, "a lease needs a plane");
    std::set<uint32_t> taken;
    for (const uint32_t id : ids) {
        for (const uint32_t each : universal ? std::vector{id} : with_implicit_planes(device, id)) {
            if (!taken.insert(each).second)
                return request.refuse(lease, Errno::NoSpc, "object {} is named twice", each);
        }
    }
    return later(request);
}

Result<void> ioctl_list_lessees(Request& request, Device& device, File&,
                                drm_mode_list_lessees& argument) {
    if (argument.pad != 0)
        return request.refuse(lease, Errno::Inval, "pad {} is not 0", argument.pad);
    if (!device.has_modeset())
        return request.refuse(lease, Errno::OpNotSupp, "the driver has no modeset");
    argument.count_lessees = 0;  // nobody can become one
    return {};
}

Result<void> ioctl_get_lease(Request& request, Device& device, File&,
                             drm_mode_get_lease& argument) {
    if (argument.pad != 0)
        return request.refuse(lease, Errno::Inval, "pad {} is not 0", argument.pad);
    if (!device.has_modeset())
        return request.refuse(lease, Errno::OpNotSupp, "the driver has no modeset");
    // The owner sees all ids of the device, those of properties and blobs too.
    const std::vector<uint32_t> ids = device.mode_config().ids.all();
    const size_t copied = std::min<size_t>(argument.count_objects, ids.size());
    TRY(request.memory().write(uapi::UserAddress{argument.objects_ptr},
                               std::as_bytes(std::span(ids).first(copied))));
    argument.count_objects = static_cast<uint32_t>(ids.size());
    return {};
}

Result<void> ioctl_revoke_lease(Request& request, Device&, File&, drm_mode_revoke_lease& argument) {
    return request.refuse(lease, Errno::NoEnt, "there is no lessee {}", argument.lessee_id);
}

}  // namespace plugboard::drm
