// A plane: what can show a framebuffer on a CRTC, and its state.
// Linux: drivers/gpu/drm/drm_plane.c
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ref.h"
#include "drm/objects/blob.h"
#include "drm/objects/framebuffer.h"
#include "drm/objects/mode_object.h"
#include "drm/pixel/geometry.h"
#include "drm/sync/fence.h"

namespace plugboard::drm {

class Crtc;
class Device;

enum class PlaneType : uint32_t { Overlay = 0, Primary = 1, Cursor = 2 };  // values are the uAPI's

struct PlaneInfo {
    PlaneType type = PlaneType::Overlay;
    uint32_t possible_crtcs = 0;         // bit per CRTC index
    std::vector<uint32_t> formats;       // fourcc, in the order clients see
    std::vector<uint64_t> modifiers{0};  // LINEAR
};

/// What one plane shows. A value: copied into each request that touches the plane.
struct PlaneState {
    Crtc* crtc = nullptr;  // drmm, as the plane
    MaybeRef<Framebuffer> fb;
    Rect destination;          // on the CRTC, pixels
    FixedRect source;          // in the fb, 16.16
    MaybeRef<Fence> in_fence;  // of this request only

    bool is_on() const { return crtc && fb; }
};

/// drmm. `index` counts from 0 in the order of creation.
class Plane final : public ModeObject {
  public:
    Plane(Device& device, PlaneInfo info);

    Device& device() const { return device_; }
    uint32_t index() const { return index_; }
    const PlaneInfo& info() const { return info_; }
    PlaneType plane_type() const { return info_.type; }
    std::string name() const { return "plane-" + std::to_string(index_); }
    bool has_format(uint32_t fourcc, uint64_t modifier) const;

    PlaneState state;  // guarded by the modeset lock

    void visit_refs(RefVisitor& visitor) const;

  private:
    Device& device_;
    uint32_t index_;
    PlaneInfo info_;
    MaybeRef<Blob> in_formats_;
};

}  // namespace plugboard::drm
