// SYNCOBJ_HANDLE_TO_FD, FD_TO_HANDLE: syncobjs that are passed on, and sync files in and out of
// them.
// Linux: drivers/gpu/drm/drm_syncobj.c
#include <fmt/format.h>
#include <sys/socket.h>

#include <string>
#include <utility>

#include "device/model.h"
#include "drm/handlers.h"
#include "drm/sync/sync_file.h"
#include "drm/sync/syncobj.h"

namespace plugboard::drm {
namespace {

/// A descriptor that keeps a syncobj. Linux: drm_syncobj_file_fops
class SyncobjFile final : public SpecialFile {
  public:
    SyncobjFile(uint64_t number, UniqueFd ours, Ref<Syncobj> syncobj)
        : number_(number), ours_(std::move(ours)), syncobj_(std::move(syncobj)) {
        // Linux: a file that says nothing of itself is always ready.
        const char byte = 0;
        (void)::send(ours_.borrow(), &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    const Ref<Syncobj>& syncobj() const { return syncobj_; }

    FdKind kind() const override { return FdKind::Syncobj; }
    Result<int> ioctl(Request& request, uint32_t command, uapi::UserAddress) override {
        return request.refuse(core, Errno::NoTty, "0x{:x}: a syncobj's descriptor has no ioctls",
                              command);
    }
    Result<size_t> write(std::span<const std::byte>) override { return Errno::Inval; }

    std::string label() const override { return fmt::format("syncobj file {}", number_); }
    void visit_refs(RefVisitor& visitor) const override {
        visitor.edge(syncobj_, "file.private_data");
    }

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    ~SyncobjFile() override = default;

    const uint64_t number_;
    const UniqueFd ours_;
    const Ref<Syncobj> syncobj_;
};

SpecialFiles& files_of(const Device& device) {
    return device.parent().model().service<SpecialFiles>();
}

Result<int> install(Request& request, Result<UniqueFd> fd) {
    const auto number =
        fd.ok() ? request.memory().install_fd(*std::move(fd), uapi::OnExec::Close) : fd.error();
    if (number.ok()) return number;
    return request.refuse(core, number.error(), "no free descriptor");
}

Result<void> check(Request& request, const drm_syncobj_handle_with_point& argument,
                   uint32_t known) {
    if (argument.pad != 0)
        return request.refuse(core, Errno::Inval, "pad {} is not 0", argument.pad);
    if (argument.flags & ~known)
        return request.refuse(core, Errno::Inval, "flags 0x{:x}: only 0x{:x} are known",
                              argument.flags, known);
    return {};
}

Errno refuse_point(Request& request, uint64_t point) {
    return request.refuse(core, Errno::Inval, "point {} without a sync file", point);
}

/// Linux takes the number first.
Result<void> export_sync_file(Request& request, Device& device, File& file,
                              drm_syncobj_handle_with_point& argument) {
    const MaybeRef<Syncobj> syncobj = find_syncobj(file, argument.handle);
    const bool at_point = (argument.flags & DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_TIMELINE) != 0;
    const uint64_t point = at_point ? argument.point : 0;
    const MaybeRef<Fence> fence = syncobj ? (*syncobj)->find(point) : std::nullopt;
    if (!fence) TRY(request.expect_free_fd());
    if (!syncobj)
        return request.refuse(core, Errno::NoEnt, "there is no syncobj {}", argument.handle);
    if (!fence)
        return request.refuse(core, Errno::Inval, "syncobj {}: point {} has not been submitted",
                              argument.handle, point);
    auto charge = TRY(drm::charge(request, Resource::SyncFiles));
    argument.fd = TRY(install(request, files_of(device).export_fence(*fence, std::move(charge))));
    return {};
}

Result<void> import_sync_file(Request& request, Device& device, File& file,
                              const drm_syncobj_handle_with_point& argument) {
    const auto fd = request.memory().take_fd(argument.fd);
    auto fence = fd.ok() ? files_of(device).import_fence(*fd) : Result<Ref<Fence>>(Errno::Inval);
    if (!fence.ok())
        return request.refuse(core, Errno::Inval, "fd {} is no sync file", argument.fd);
    const Ref<Syncobj> syncobj = TRY(look_up_syncobj(request, file, argument.handle));
    const bool at_point = (argument.flags & DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_TIMELINE) != 0;
    if (at_point && argument.point != 0) {
        syncobj->add_point(argument.point, *std::move(fence));
    } else {
        syncobj->replace(*std::move(fence));
    }
    return {};
}

}  // namespace

PLUGBOARD_HANDLER(ioctl_syncobj_handle_to_fd, drm_syncobj_handle_with_point) {
    TRY(check(
        request, argument,
        DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE | DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_TIMELINE));
    if (argument.flags & DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE)
        return export_sync_file(request, device, file, argument);
    if (argument.point != 0) return refuse_point(request, argument.point);
    const MaybeRef<Syncobj> syncobj = find_syncobj(file, argument.handle);
    if (!syncobj)
        return request.refuse(core, Errno::Inval, "there is no syncobj {}", argument.handle);
    auto charge = TRY(drm::charge(request, Resource::SyncFiles));
    argument.fd = TRY(install(request, files_of(device).add(
                                           FdKind::Syncobj, PairType::Stream,
                                           [&](uint64_t number, UniqueFd ours) -> Ref<SpecialFile> {
                                               return make_ref<SyncobjFile>(number, std::move(ours),
                                                                            *syncobj);
                                           },
                                           {}, std::move(charge))));
    return {};
}

PLUGBOARD_HANDLER(ioctl_syncobj_fd_to_handle, drm_syncobj_handle_with_point) {
    TRY(check(
        request, argument,
        DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE | DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_TIMELINE));
    if (argument.flags & DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE)
        return import_sync_file(request, device, file, argument);
    if (argument.point != 0) return refuse_point(request, argument.point);
    const auto fd = request.memory().take_fd(argument.fd);
    const MaybeRef<SpecialFile> found = fd.ok() ? files_of(device).find(*fd) : std::nullopt;
    if (!found || (*found)->kind() != FdKind::Syncobj)
        return request.refuse(core, Errno::Inval, "fd {} is no syncobj", argument.fd);
    argument.handle = TRY(add_syncobj(request, file, static_cast<SyncobjFile&>(**found).syncobj()));
    return {};
}

}  // namespace plugboard::drm
