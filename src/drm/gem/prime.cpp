// PRIME_HANDLE_TO_FD, PRIME_FD_TO_HANDLE: buffers that go from file to file and card to card.
// Linux: drivers/gpu/drm/drm_prime.c
#include "drm/gem/prime.h"

#include <fcntl.h>

#include <utility>

#include "drm/device_state.h"
#include "drm/file_state.h"
#include "drm/gem/handles.h"
#include "drm/handlers.h"

namespace plugboard::drm {
namespace {

using log::Category;

/// From now on the dma-buf is this handle to the file, unless another thread has closed it.
void note_export(File& file, uint32_t handle, const Ref<gem::Object>& object) {
    File::State& state = file.state();
    MutexLock lock(state.mutex);
    const Ref<gem::Object>* there = state.handles.find(handle);
    if (there && *there == object) state.prime.add(handle, object->memory().id());
}

uint32_t find_handle(File& file, const gem::DmaBuf& memory) {
    MutexLock lock(file.state().mutex);
    return file.state().prime.find_handle(memory.id());
}

/// The handle under which the file knows the dma-buf: the new one, if no other thread was faster.
uint32_t settle_handle(File& file, const gem::DmaBuf& memory, uint32_t handle) {
    MutexLock lock(file.state().mutex);
    if (const uint32_t there = file.state().prime.find_handle(memory.id())) return there;
    file.state().prime.add(handle, memory.id());
    return handle;
}

/// Linux: drm_gem_prime_fd_to_handle
Result<uint32_t> import_buffer(Request& request, Device& device, File& file, const UniqueFd& fd) {
    const Ref<gem::DmaBuf> memory = TRY(gem::DmaBuf::find(fd));
    if (const uint32_t known = find_handle(file, *memory)) return known;
    gem::Object::Charges charges;
    charges.buffer = TRY(charge(request, Resource::Buffers));
    const Ref<gem::Object> object =
        gem::Object::import(memory, device.state().number, std::move(charges));
    object->fix_export_access((fcntl(fd.borrow(), F_GETFL) & O_ACCMODE) == O_RDWR);
    const uint32_t made = TRY(gem::create_handle(request, file, object));
    const uint32_t settled = settle_handle(file, *memory, made);
    if (settled != made) gem::close_handle(file, made);
    return settled;
}

Result<void> expect_prime(Request& request, Device& device) {
    if (device.info().prime) return {};
    return request.refuse(Category::Prime, Errno::NoSys, "the driver {} shares no buffers",
                          device.info().name);
}

}  // namespace

Result<void> ioctl_prime_handle_to_fd(Request& request, Device& device, File& file,
                                      drm_prime_handle& argument) {
    TRY(expect_prime(request, device));
    if (argument.flags & ~static_cast<uint32_t>(DRM_CLOEXEC | DRM_RDWR)) {
        return request.refuse(Category::Prime, Errno::Inval, "flags 0x{:x}: not CLOEXEC or RDWR",
                              argument.flags);
    }
    const auto object = gem::find_object(file, argument.handle);
    if (!object) {
        TRY(request.expect_free_fd());
        return request.refuse(Category::Prime, Errno::NoEnt, "there is no handle {}",
                              argument.handle);
    }
    const bool writable = (*object)->fix_export_access((argument.flags & DRM_RDWR) != 0);
    auto fd = (*object)->memory().open(writable);
    if (!fd.ok())
        return request.refuse(Category::Prime, Errno::NFile, "the board has no free descriptor");
    const auto on_exec = argument.flags & DRM_CLOEXEC ? uapi::OnExec::Close : uapi::OnExec::Keep;
    const auto number = request.memory().install_fd(*std::move(fd), on_exec);
    if (!number.ok()) return request.refuse(Category::Prime, number.error(), "no free descriptor");
    note_export(file, argument.handle, *object);
    argument.fd = *number;
    return {};
}

Result<void> ioctl_prime_fd_to_handle(Request& request, Device& device, File& file,
                                      drm_prime_handle& argument) {
    TRY(expect_prime(request, device));
    const auto fd = request.memory().take_fd(argument.fd);
    if (!fd.ok())
        return request.refuse(Category::Prime, fd.error(), "fd {} is not open", argument.fd);
    const auto handle = import_buffer(request, device, file, *fd);
    if (!handle.ok() && request.is_refused()) return handle.error();
    if (!handle.ok())
        return request.refuse(Category::Prime, handle.error(), "fd {} is no dma-buf", argument.fd);
    argument.handle = *handle;
    return {};
}

}  // namespace plugboard::drm
