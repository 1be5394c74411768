#include "drm/objects/blob.h"

#include <cstring>
#include <new>
#include <utility>

#include "drm/device.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {

Result<Ref<Blob>> Blob::create(Device& device, std::span<const std::byte> bytes) {
    std::unique_ptr<std::byte[]> data(new (std::nothrow) std::byte[bytes.size()]);
    if (!data) return Errno::NoMem;
    std::memcpy(data.get(), bytes.data(), bytes.size());
    return create(device, std::move(data), bytes.size());
}

Ref<Blob> Blob::copy(Device& device, std::span<const std::byte> bytes) {
    auto data = std::make_unique<std::byte[]>(bytes.size());
    if (!bytes.empty()) std::memcpy(data.get(), bytes.data(), bytes.size());
    return create(device, std::move(data), bytes.size());
}

Ref<Blob> Blob::create(Device& device, std::unique_ptr<std::byte[]> data, size_t size,
                       Charges charges) {
    Ref<Blob> blob = make_ref<Blob>(std::move(data), size, std::move(charges));
    device.mode_config().ids.add(*blob);
    return blob;
}

Blob::Blob(std::unique_ptr<std::byte[]> data, size_t size, Charges charges)
    : ModeObject(ObjectType::Blob),
      data_(std::move(data)),
      size_(size),
      charges_(std::move(charges)) {}

Blob::~Blob() = default;

std::string Blob::label() const {
    return "blob " + std::to_string(raw(id()));
}

MaybeRef<Blob> find_blob(Device& device, ObjectId id) {
    return device.mode_config().ids.with(
        id, ObjectType::Blob, [](ModeObject* object) -> MaybeRef<Blob> {
            if (!object) return std::nullopt;
            return Ref<Blob>::try_share(static_cast<Blob&>(*object));
        });
}

}  // namespace plugboard::drm
