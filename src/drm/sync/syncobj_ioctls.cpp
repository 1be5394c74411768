// SYNCOBJ_CREATE, DESTROY, RESET, SIGNAL, TIMELINE_SIGNAL, QUERY.
// Linux: drivers/gpu/drm/drm_syncobj.c
#include "drm/file_state.h"
#include "drm/handlers.h"
#include "drm/sync/syncobj.h"

namespace plugboard::drm {
namespace {

constexpr uint32_t most_handles = (4U << 20) / sizeof(void*);  // Linux: an array of one kmalloc()

Ref<Fence> stub_of(const Device& device) {
    return Fence::create_stub(device.clock(), device.clock().now());
}

Result<void> check_pad(Request& request, uint32_t pad) {
    if (pad == 0) return {};
    return request.refuse(core, Errno::Inval, "pad {} is not 0", pad);
}

Result<void> check_count(Request& request, uint32_t count) {
    if (count != 0) return {};
    return request.refuse(core, Errno::Inval, "no handles");
}

Result<std::vector<Ref<Syncobj>>> syncobjs_of(Request& request, File& file, uint64_t handles,
                                              uint32_t count) {
    TRY(check_count(request, count));
    return read_syncobjs(request, file, handles, count, most_handles);
}

}  // namespace

Result<void> check_syncobj_flags(Request& request, uint32_t flags, uint32_t known) {
    if (!(flags & ~known)) return {};
    return request.refuse(core, Errno::Inval, "flags 0x{:x}: only 0x{:x} are known", flags, known);
}

PLUGBOARD_HANDLER(ioctl_syncobj_create, drm_syncobj_create) {
    TRY(check_syncobj_flags(request, argument.flags, DRM_SYNCOBJ_CREATE_SIGNALED));
    auto charge = TRY(drm::charge(request, Resource::Syncobjs));
    MaybeRef<Fence> fence;
    if (argument.flags & DRM_SYNCOBJ_CREATE_SIGNALED) fence = stub_of(device);
    argument.handle =
        TRY(add_syncobj(request, file, Syncobj::create(std::move(fence), std::move(charge))));
    return {};
}

Result<void> ioctl_syncobj_destroy(Request& request, Device&, File& file,
                                   drm_syncobj_destroy& argument) {
    TRY(check_pad(request, argument.pad));
    std::optional<Ref<Syncobj>> destroyed;
    {
        MutexLock lock(file.state().mutex);
        destroyed = file.state().syncobjs.remove(argument.handle);
    }
    if (destroyed) return {};
    return request.refuse(core, Errno::Inval, "there is no syncobj {}", argument.handle);
}

Result<void> ioctl_syncobj_reset(Request& request, Device&, File& file,
                                 drm_syncobj_array& argument) {
    TRY(check_pad(request, argument.pad));
    for (const Ref<Syncobj>& syncobj :
         TRY(syncobjs_of(request, file, argument.handles, argument.count_handles)))
        syncobj->replace(std::nullopt);
    return {};
}

PLUGBOARD_HANDLER(ioctl_syncobj_signal, drm_syncobj_array) {
    TRY(check_pad(request, argument.pad));
    for (const Ref<Syncobj>& syncobj :
         TRY(syncobjs_of(request, file, argument.handles, argument.count_handles)))
        syncobj->replace(stub_of(device));
    return {};
}

PLUGBOARD_HANDLER(ioctl_syncobj_timeline_signal, drm_syncobj_timeline_array) {
    TRY(check_syncobj_flags(request, argument.flags, 0));
    const auto syncobjs = TRY(syncobjs_of(request, file, argument.handles, argument.count_handles));
    const auto points = TRY(read_points(request, argument.points, argument.count_handles));
    for (size_t i = 0; i < syncobjs.size(); i++) syncobjs[i]->add_point(points[i], stub_of(device));
    return {};
}

Result<void> ioctl_syncobj_query(Request& request, Device&, File& file,
                                 drm_syncobj_timeline_array& argument) {
    TRY(check_syncobj_flags(request, argument.flags, DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED));
    const auto syncobjs = TRY(syncobjs_of(request, file, argument.handles, argument.count_handles));
    const bool submitted = (argument.flags & DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED) != 0;
    for (size_t i = 0; i < syncobjs.size(); i++) {
        const uint64_t point =
            submitted ? syncobjs[i]->last_submitted() : syncobjs[i]->last_signaled();
        TRY(request.memory().write_value(uapi::UserAddress{argument.points + i * sizeof(point)},
                                         point));
    }
    return {};
}

}  // namespace plugboard::drm
