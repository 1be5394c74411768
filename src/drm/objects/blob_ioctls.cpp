// GETPROPBLOB, CREATEPROPBLOB, DESTROYPROPBLOB.
// Linux: drivers/gpu/drm/drm_property.c
#include <climits>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "drm/file_state.h"
#include "drm/handlers.h"

namespace plugboard::drm {
namespace {

constexpr uint32_t max_length = INT_MAX - 88;  // Linux keeps a header of that size before the bytes

}  // namespace

Result<void> ioctl_get_prop_blob(Request& request, Device& device, File&,
                                 drm_mode_get_blob& argument) {
    const auto blob = find_blob(device, ObjectId{argument.blob_id});
    if (!blob) return request.refuse(kms, Errno::NoEnt, "there is no blob {}", argument.blob_id);
    const auto bytes = (*blob)->bytes();
    if (argument.length == bytes.size())
        TRY(request.memory().write(uapi::UserAddress{argument.data}, bytes));
    argument.length = static_cast<uint32_t>(bytes.size());
    return {};
}

Result<void> ioctl_create_prop_blob(Request& request, Device& device, File& file,
                                    drm_mode_create_blob& argument) {
    const uint32_t length = argument.length;
    if (length == 0 || length > max_length)
        return request.refuse(kms, Errno::Inval, "length {} is not 1..{}", length, max_length);
    Blob::Charges charges;
    charges.blob = TRY(charge(request, Resource::Blobs));
    charges.bytes = TRY(charge(request, Resource::BlobBytes, length));
    std::unique_ptr<std::byte[]> bytes(new (std::nothrow) std::byte[length]);
    if (!bytes) return request.refuse(kms, Errno::NoMem, "no memory for {} bytes", length);
    TRY(request.memory().read({bytes.get(), length}, uapi::UserAddress{argument.data}));
    Ref<Blob> blob = Blob::create(device, std::move(bytes), length, std::move(charges));
    MutexLock lock(file.state().mutex);
    TRY(expect_room(request, "blobs", file.state().blobs.size()));
    argument.blob_id = raw(blob->id());
    file.state().blobs.push_front(std::move(blob));
    return {};
}

Result<void> ioctl_destroy_prop_blob(Request& request, Device& device, File& file,
                                     drm_mode_destroy_blob& argument) {
    const auto blob = find_blob(device, ObjectId{argument.blob_id});
    if (!blob) return request.refuse(kms, Errno::NoEnt, "there is no blob {}", argument.blob_id);
    std::list<Ref<Blob>> destroyed;
    {
        MutexLock lock(file.state().mutex);
        std::list<Ref<Blob>>& blobs = file.state().blobs;
        for (auto it = blobs.begin(); it != blobs.end(); ++it) {
            if (!(*it == *blob)) continue;
            destroyed.splice(destroyed.begin(), blobs, it);
            break;
        }
    }
    if (destroyed.empty()) {
        return request.refuse(kms, Errno::Perm, "blob {} is not this file's, or was destroyed",
                              argument.blob_id);
    }
    return {};
}

}  // namespace plugboard::drm
