// Bytes with an id: modes, gamma tables, format lists. Constant once made.
// Linux: drivers/gpu/drm/drm_property.c, struct drm_property_blob
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/ref.h"
#include "base/result.h"
#include "drm/objects/mode_object.h"
#include "drm/quota.h"

namespace plugboard::drm {

class Device;

/// Counted; its id goes with the last reference.
class Blob final : public Object, public ModeObject {
  public:
    /// NoMem for a size that cannot be had. Copies `bytes`.
    static Result<Ref<Blob>> create(Device& device, std::span<const std::byte> bytes);
    /// Of bytes whose size no client chooses: there is memory for them as for all of the driver's.
    static Ref<Blob> copy(Device& device, std::span<const std::byte> bytes);
    /// Its maker is charged for it as long as it lives.
    struct Charges {
        Charge blob, bytes;
    };
    /// Of bytes that the caller has filled in.
    static Ref<Blob> create(Device& device, std::unique_ptr<std::byte[]> data, size_t size,
                            Charges charges = {});

    std::span<const std::byte> bytes() const { return {data_.get(), size_}; }

    std::string label() const override;
    void visit_refs(RefVisitor&) const override {}

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    Blob(std::unique_ptr<std::byte[]> data, size_t size, Charges charges);
    ~Blob() override;

    std::unique_ptr<std::byte[]> data_;
    size_t size_;
    const Charges charges_;
};

/// The blob with this id, if there is one.
MaybeRef<Blob> find_blob(Device& device, ObjectId id);

}  // namespace plugboard::drm
