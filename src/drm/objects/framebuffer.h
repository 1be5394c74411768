// A framebuffer: how the bytes of buffer objects are an image.
// Linux: drivers/gpu/drm/drm_framebuffer.c
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/ref.h"
#include "drm/gem/object.h"
#include "drm/objects/mode_object.h"
#include "drm/pixel/format.h"
#include "drm/pixel/geometry.h"

namespace plugboard::drm {

class Device;

struct FramebufferPlane {
    MaybeRef<gem::Object> object;
    uint32_t pitch = 0;   // bytes from line to line
    uint32_t offset = 0;  // bytes from the object's start
};

/// Checked: every byte that the geometry names lies within the objects.
struct FramebufferInfo {
    Size size;  // pixels
    const FormatInfo* format = nullptr;
    uint64_t modifier = 0;
    uint32_t flags = 0;  // DRM_MODE_FB_*
    std::array<FramebufferPlane, 4> planes;
    std::string allocated_by;  // comm of the client
    Charge charge{};           // its maker's
};

/// Counted; its id goes with the last reference. Constant.
class Framebuffer final : public Object, public ModeObject {
  public:
    static Ref<Framebuffer> create(Device& device, FramebufferInfo info);

    Device& device() const { return device_; }  // with a reference on the device only
    const FramebufferInfo& info() const { return info_; }
    const Size& size() const { return info_.size; }
    const FormatInfo& format() const { return *info_.format; }

    std::string label() const override;
    void visit_refs(RefVisitor& visitor) const override;

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    Framebuffer(Device& device, FramebufferInfo info);
    ~Framebuffer() override;

    // Good for who holds a reference on the device too: the explainer may hold this one longer.
    Device& device_;
    const FramebufferInfo info_;
};

/// The framebuffer with this id, if there is one.
MaybeRef<Framebuffer> find_framebuffer(Device& device, ObjectId id);

}  // namespace plugboard::drm
