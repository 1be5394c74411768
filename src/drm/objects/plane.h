// A plane: what can show a framebuffer on a CRTC, and its state.
// Linux: drivers/gpu/drm/drm_plane.c
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ref.h"
#include "drm/objects/blob.h"
#include "drm/objects/colorop.h"
#include "drm/objects/framebuffer.h"
#include "drm/objects/mode_object.h"
#include "drm/pixel/blend_mode.h"
#include "drm/pixel/color.h"
#include "drm/pixel/geometry.h"
#include "drm/pixel/rotation.h"
#include "drm/pixel/scaling_filter.h"
#include "drm/sync/fence.h"

namespace plugboard::drm {

class Crtc;
class Device;
class Property;

enum class PlaneType : uint32_t { Overlay = 0, Primary = 1, Cursor = 2 };  // values are the uAPI's

/// Of the property "zpos": a plane with a higher one is above the others.
struct ZposInfo {
    uint32_t initial = 0, least = 0, most = 0;
};

/// Formats that buffers of this modifier may have.
struct ModifierFormats {
    uint64_t modifier = 0;
    std::vector<uint32_t> formats{};  // fourcc
    bool is_drawn = true;             // else clients are told of it, and their buffers refused

    bool operator==(const ModifierFormats&) const = default;
};

struct PlaneInfo {
    PlaneType type = PlaneType::Overlay;
    uint32_t possible_crtcs = 0;         // bit per CRTC index
    std::vector<uint32_t> formats;       // fourcc, in the order clients see
    std::vector<uint64_t> modifiers{0};  // LINEAR
    /// Instead of `modifiers`, where not every format goes with each.
    std::vector<ModifierFormats> modifier_formats{};
    std::vector<uint32_t> not_drawn{};  // of `formats`: listed, and their buffers refused
    uint32_t rotations = 0;             // DRM_MODE_ROTATE_* and REFLECT_*; 0: no such property
    bool yuv_colors = false;            // COLOR_ENCODING and COLOR_RANGE, with all their values
    std::optional<ZposInfo> zpos{};
    bool alpha = false;                         // of the plane as a whole
    bool blend_mode = false;                    // with all its values
    bool scaling_filter = false;                // SCALING_FILTER, with all its values
    bool damage_clips = false;                  // FB_DAMAGE_CLIPS
    std::vector<Size> size_hints{};             // SIZE_HINTS; none: no such property
    std::vector<ColoropType> color_pipeline{};  // that it offers; empty: no COLOR_PIPELINE
};

/// Those that a plane of its info has, each made for it alone; null: it has not.
struct PlaneProperties {
    const Property *rotation = nullptr, *color_encoding = nullptr, *color_range = nullptr,
                   *zpos = nullptr, *alpha = nullptr, *blend_mode = nullptr,
                   *scaling_filter = nullptr, *hotspot_x = nullptr, *hotspot_y = nullptr;
    const Property* color_pipeline = nullptr;
};

/// What one plane shows. A value: copied into each request that touches the plane.
struct PlaneState {
    Crtc* crtc = nullptr;  // drmm, as the plane
    MaybeRef<Framebuffer> fb;
    Rect destination;  // on the CRTC, pixels
    FixedRect source;  // in the fb, 16.16
    Rotation rotation{};
    ColorEncoding color_encoding = ColorEncoding::Bt601;
    ColorRange color_range = ColorRange::Limited;
    uint32_t zpos = 0;
    uint32_t normalized_zpos = 0;  // among the planes of its CRTC, from 0
    uint16_t alpha = opaque_alpha;
    BlendMode blend_mode = BlendMode::Premultiplied;
    ScalingFilter scaling_filter = ScalingFilter::Default;
    int32_t hotspot_x = 0, hotspot_y = 0;  // pixels in the fb; where a cursor points
    /// drm_mode_rects, in pixels of the fb; none: all of it. Of the newest request only.
    MaybeRef<Blob> damage_clips{};
    const Colorop* color_pipeline = nullptr;  // its first operation; null: none
    MaybeRef<Fence> in_fence;                 // of this request only

    bool is_on() const { return crtc && fb; }
};

/// drmm. `index` counts from 0 in the order of creation.
class Plane final : public ModeObject {
  public:
    Plane(Device& device, PlaneInfo info);

    Device& device() const { return device_; }
    uint32_t index() const { return index_; }
    const PlaneInfo& info() const { return info_; }
    const PlaneProperties& own_properties() const { return own_; }
    PlaneType plane_type() const { return info_.type; }
    std::string name() const { return "plane-" + std::to_string(index_); }
    /// The operations that it offers, in their order.
    const std::vector<std::unique_ptr<Colorop>>& colorops() const { return colorops_; }
    /// Whether the plane shows such buffers.
    bool has_format(uint32_t fourcc, uint64_t modifier) const;
    /// Whether clients are told that it does.
    bool lists_format(uint32_t fourcc, uint64_t modifier) const;

    PlaneState state;  // guarded by the modeset lock

    void visit_refs(RefVisitor& visitor) const;

  private:
    void add_in_formats();
    void add_rotation();
    void add_yuv_colors();
    void add_zpos();
    void add_blending();
    void add_scaling_filter();
    void add_size_hints();
    void add_hotspot();
    void add_color_pipeline();

    Device& device_;
    uint32_t index_;
    PlaneInfo info_;
    PlaneProperties own_;
    MaybeRef<Blob> in_formats_;
    MaybeRef<Blob> size_hints_;
    std::vector<std::unique_ptr<Colorop>> colorops_;
};

}  // namespace plugboard::drm
