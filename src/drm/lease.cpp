// CREATE_LEASE, LIST_LESSEES, GET_LEASE, REVOKE_LEASE.
#include "drm/lease.h"

#include <fcntl.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "drm/device_state.h"
#include "drm/file_opener.h"
#include "drm/file_state.h"
#include "drm/handlers.h"
#include "drm/objects/copy_out.h"
#include "drm/objects/lookup.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {
namespace {

constexpr auto lease = log::Category::Lease;
constexpr uint32_t max_lease_objects = 65536;  // more than any device has

/// The types that can be leased, one element an id; in the order of Linux's checks.
Result<std::vector<ObjectType>> types_of(Request& request, Device& device,
                                         const std::vector<uint32_t>& ids) {
    std::vector<ObjectType> types;
    for (const uint32_t id : ids) {
        const auto type = find_type(device, ObjectId{id});
        if (!type) return request.refuse(lease, Errno::NoEnt, "there is no object {}", id);
        if (!is_leasable(*type))
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

/// What the lessor wants to let: checked but for who has it. Linux: fill_object_idr
Result<std::set<uint32_t>> wanted_objects(Request& request, Device& device, File& file,
                                          const drm_mode_create_lease& argument) {
    if (argument.object_count > max_lease_objects)
        return request.refuse(lease, Errno::NoMem, "{} objects", argument.object_count);
    std::vector<uint32_t> ids(argument.object_count);
    TRY(request.memory().read(std::as_writable_bytes(std::span(ids)),
                              uapi::UserAddress{argument.object_ids}));
    std::set<uint32_t> wanted;
    if (ids.empty()) return wanted;

    const std::vector<ObjectType> types = TRY(types_of(request, device, ids));
    const auto has = [&](ObjectType type) { return std::ranges::count(types, type) != 0; };
    const bool universal = file.caps().universal_planes;
    if (!has(ObjectType::Crtc) || !has(ObjectType::Connector))
        return request.refuse(lease, Errno::Inval, "a lease needs a CRTC and a connector");
    if (universal && !has(ObjectType::Plane))
        return request.refuse(lease, Errno::Inval, "a lease needs a plane");
    for (const uint32_t id : ids) {
        for (const uint32_t each : universal ? std::vector{id} : with_implicit_planes(device, id)) {
            if (!wanted.insert(each).second)
                return request.refuse(lease, Errno::NoSpc, "object {} is named twice", each);
        }
    }
    return wanted;
}

/// A new lessee of these objects. Linux: drm_lease_create
Result<Ref<Master>> make_lessee(Request& request, Device& device, const Ref<Master>& lessor,
                                const std::set<uint32_t>& objects) {
    const auto refuse = [&](Errno error, uint32_t id, const char* why) -> Errno {
        if (auto room = request.expect_free_fd(); !room.ok()) return room.error();
        return request.refuse(lease, error, "object {} {}", id, why);
    };
    for (const uint32_t id : objects) {
        if (!find_type(device, ObjectId{id})) return refuse(Errno::NoEnt, id, "is gone");
    }
    Ref<Master> lessee = Master::create(lessor);
    uint32_t taken = 0;
    {
        MutexLock lock(device.state().master_mutex);
        for (const uint32_t id : objects) {
            for (const auto& [number, other] : lessor->lessees) {
                if (other->leased.contains(id)) taken = id;
            }
            if (taken != 0) break;
        }
        if (taken == 0) {
            lessee->leased = objects;
            lessee->lessee_id = lessor->lessees.add(&*lessee);
        }
    }
    if (taken != 0) return refuse(Errno::Busy, taken, "is leased already");
    return lessee;
}

/// The file becomes its lessee's; nobody knows it yet.
void give_to_lessee(File& file, const Ref<Master>& lessee) {
    MaybeRef<Master> shared;  // declared first, so dropped after the lock
    MutexLock lock(file.device().state().master_mutex);
    File::State& state = file.state();
    shared.swap(state.master);
    state.master = lessee;
    state.is_master = true;
    state.is_authenticated = true;
    state.is_lessee = true;
}

void end_lease(Device& device, Master& lessee) {
    MutexLock lock(device.state().master_mutex);
    end_lease_locked(lessee);
}

/// A file opened like the lessor's, in the caller's hands: the number of its descriptor.
Result<int> open_for_lessee(Request& request, Device& device, File& lessor,
                            const Ref<Master>& lessee, uapi::OnExec on_exec) {
    OpenInfo info = lessor.info();
    info.opener = request.caller();
    OpenedFile opened = TRY(request.opener()->open_file(device, std::move(info)));
    give_to_lessee(*opened.file, lessee);
    return request.memory().install_fd(std::move(opened.fd), on_exec);
}

Result<Ref<Master>> find_lessor(Request& request, Device& device, File& file) {
    MaybeRef<Master> master;
    {
        MutexLock lock(device.state().master_mutex);
        master = file.state().master;
    }
    if ((*master)->lessor) return request.refuse(lease, Errno::Inval, "a lessee cannot let");
    return *std::move(master);
}

Result<void> check_lease_query(Request& request, Device& device, uint32_t pad) {
    if (pad != 0) return request.refuse(lease, Errno::Inval, "pad {} is not 0", pad);
    if (!device.has_modeset())
        return request.refuse(lease, Errno::OpNotSupp, "the driver has no modeset");
    return {};
}

}  // namespace

bool is_leasable(ObjectType type) {
    return type == ObjectType::Crtc || type == ObjectType::Connector || type == ObjectType::Plane;
}

bool may_use(const File& file, ObjectId id) {
    if (!file.state().is_lessee) return true;
    MutexLock lock(file.device().state().master_mutex);
    return (*file.state().master)->leased.contains(raw(id));
}

uint32_t filter_crtcs(const File& file, uint32_t crtcs) {
    if (!file.state().is_lessee) return crtcs;
    uint32_t filtered = 0;
    uint32_t next = 0;
    for (const Crtc* crtc : file.device().mode_config().crtcs) {
        if (!may_use(file, crtc->id())) continue;
        if (crtcs >> crtc->index() & 1) filtered |= uint32_t{1} << next;
        next++;
    }
    return filtered;
}

Crtc* find_crtc_by_pipe(const File& file, uint32_t pipe) {
    for (Crtc* crtc : file.device().mode_config().crtcs) {
        if (!may_use(file, crtc->id())) continue;
        if (pipe == 0) return crtc;
        pipe--;
    }
    return nullptr;
}

void revoke_leases_locked(Master& master) {
    master.leased.clear();
    for (const auto& [id, lessee] : master.lessees) lessee->leased.clear();
}

void end_lease_locked(Master& lessee) {
    lessee.leased.clear();
    Master& owner = **lessee.lessor;
    Master* const* there = owner.lessees.find(lessee.lessee_id);
    if (there && *there == &lessee) owner.lessees.remove(lessee.lessee_id);
}

Result<void> ioctl_create_lease(Request& request, Device& device, File& file,
                                drm_mode_create_lease& argument) {
    if (argument.flags & ~static_cast<uint32_t>(O_CLOEXEC | O_NONBLOCK)) {
        return request.refuse(lease, Errno::Inval, "flags 0x{:x}: not CLOEXEC or NONBLOCK",
                              argument.flags);
    }
    if (!request.opener())
        return request.refuse(lease, Errno::OpNotSupp, "the caller cannot be given files");
    const Ref<Master> lessor = TRY(find_lessor(request, device, file));
    const std::set<uint32_t> objects = TRY(wanted_objects(request, device, file, argument));
    const Ref<Master> lessee = TRY(make_lessee(request, device, lessor, objects));
    const auto on_exec = argument.flags & O_CLOEXEC ? uapi::OnExec::Close : uapi::OnExec::Keep;
    const auto number = open_for_lessee(request, device, file, lessee, on_exec);
    if (!number.ok()) {
        end_lease(device, *lessee);
        return request.refuse(lease, number.error(), "the lessee's file cannot be opened");
    }
    argument.fd = static_cast<uint32_t>(*number);
    argument.lessee_id = lessee->lessee_id;
    return {};
}

Result<void> ioctl_list_lessees(Request& request, Device& device, File& file,
                                drm_mode_list_lessees& argument) {
    TRY(check_lease_query(request, device, argument.pad));
    std::vector<std::pair<uint64_t, uint32_t>> found;  // the oldest has the lowest number
    {
        MutexLock lock(device.state().master_mutex);
        for (const auto& [id, lessee] : (*file.state().master)->lessees) {
            if (!lessee->leased.empty()) found.emplace_back(lessee->number(), id);
        }
    }
    std::ranges::sort(found);
    std::vector<uint32_t> ids;
    ids.reserve(found.size());
    for (const auto& [number, id] : found) ids.push_back(id);
    TRY(copy_first(request, argument.lessees_ptr, argument.count_lessees, ids));
    argument.count_lessees = static_cast<uint32_t>(ids.size());
    return {};
}

Result<void> ioctl_get_lease(Request& request, Device& device, File& file,
                             drm_mode_get_lease& argument) {
    TRY(check_lease_query(request, device, argument.pad));
    std::vector<uint32_t> ids;
    if (file.state().is_lessee) {
        MutexLock lock(device.state().master_mutex);
        const std::set<uint32_t>& leased = (*file.state().master)->leased;
        ids.assign(leased.begin(), leased.end());
    } else {
        // The owner sees all ids of the device, those of properties and blobs too.
        ids = device.mode_config().ids.all();
    }
    TRY(copy_first(request, argument.objects_ptr, argument.count_objects, ids));
    argument.count_objects = static_cast<uint32_t>(ids.size());
    return {};
}

Result<void> ioctl_revoke_lease(Request& request, Device& device, File& file,
                                drm_mode_revoke_lease& argument) {
    bool is_known = false, is_own = false;
    {
        MutexLock lock(device.state().master_mutex);
        Master& caller = **file.state().master;
        const Master& owner = caller.lessor ? **caller.lessor : caller;
        if (Master* const* lessee = owner.lessees.find(argument.lessee_id)) {
            is_known = true;
            is_own = &owner == &caller;
            if (is_own) (*lessee)->leased.clear();
        }
    }
    if (!is_known)
        return request.refuse(lease, Errno::NoEnt, "there is no lessee {}", argument.lessee_id);
    if (!is_own)
        return request.refuse(lease, Errno::Access, "lessee {} has not leased from this file",
                              argument.lessee_id);
    return {};
}

}  // namespace plugboard::drm
