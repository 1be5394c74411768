// A display mode: timings that have been checked once, with the name and type clients see.
// Linux: drivers/gpu/drm/drm_modes.c
#pragma once

#include <drm_mode.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "drm/pixel/geometry.h"

namespace plugboard::drm {

/// Linux: include/uapi/drm/drm_mode.h, DRM_MODE_PICTURE_ASPECT_*
enum class AspectRatio : uint8_t {
    None = DRM_MODE_PICTURE_ASPECT_NONE,
    Ratio4To3 = DRM_MODE_PICTURE_ASPECT_4_3,
    Ratio16To9 = DRM_MODE_PICTURE_ASPECT_16_9,
    Ratio64To27 = DRM_MODE_PICTURE_ASPECT_64_27,
    Ratio256To135 = DRM_MODE_PICTURE_ASPECT_256_135,
};

/// Whether a client has DRM_CLIENT_CAP_ASPECT_RATIO and so sees the aspect bits of the flags.
enum class AspectBits : bool { Hide, Show };

/// The members of drm_mode_modeinfo that drive a screen. `flags` has no aspect bits.
struct ModeTimings {
    uint32_t clock_khz = 0;
    uint16_t hdisplay = 0, hsync_start = 0, hsync_end = 0, htotal = 0, hskew = 0;
    uint16_t vdisplay = 0, vsync_start = 0, vsync_end = 0, vtotal = 0, vscan = 0;
    uint32_t flags = 0;

    bool operator==(const ModeTimings&) const = default;
};

/// True if the mode of a client carries aspect bits; SETCRTC refuses them without the cap.
bool has_aspect_bits(const drm_mode_modeinfo& info);

/// A valid mode. Any thread; copied freely.
class Mode {
  public:
    /// Types are DRM_MODE_TYPE_*; others than PREFERRED, USERDEF and DRIVER are dropped.
    /// A name is cut to 31 bytes; an empty one becomes "1024x768", with "i" if interlaced.
    /// ERANGE: clock above 2^31-1. EINVAL: timings out of order, clock 0, unknown flags.
    static Result<Mode> create(const ModeTimings& timings, std::string_view name = {},
                               uint32_t type = DRM_MODE_TYPE_DRIVER,
                               AspectRatio aspect = AspectRatio::None);

    /// What a client passed in. ERANGE: clock or vrefresh above 2^31-1; else EINVAL.
    /// Linux: drivers/gpu/drm/drm_modes.c, drm_mode_convert_umode
    static Result<Mode> from_user(const drm_mode_modeinfo& info);

    /// VESA CVT with normal blanking; the width is rounded down to a multiple of 8.
    /// For values known to be good: see try_cvt().
    static Mode cvt(uint32_t width, uint32_t height, double refresh_hz);
    /// EINVAL if there are no such timings: empty, too large or too fast.
    static Result<Mode> try_cvt(uint32_t width, uint32_t height, double refresh_hz);

    drm_mode_modeinfo to_user(AspectBits aspect_bits) const;

    const ModeTimings& timings() const { return timings_; }
    std::string_view name() const { return name_.data(); }
    uint32_t type() const { return type_; }
    AspectRatio aspect() const { return aspect_; }
    Size size() const { return {.width = timings_.hdisplay, .height = timings_.vdisplay}; }
    bool is_interlaced() const { return (timings_.flags & DRM_MODE_FLAG_INTERLACE) != 0; }
    bool is_preferred() const { return (type_ & DRM_MODE_TYPE_PREFERRED) != 0; }
    void set_preferred(bool preferred);

    /// Hz, rounded; of fields, if interlaced.
    /// Linux: drivers/gpu/drm/drm_modes.c, drm_mode_vrefresh
    uint32_t vrefresh() const;
    /// Between two vblanks; never below 100 us, because timings from a client may say less than any
    /// timer can do. Linux: drivers/gpu/drm/drm_vblank.c, drm_calc_timestamping_constants
    uint64_t frame_duration_ns() const;

    /// Whether going from one to the other is no modeset: name and type do not count.
    /// Linux: drivers/gpu/drm/drm_modes.c, drm_mode_equal
    friend bool operator==(const Mode& a, const Mode& b) {
        return a.timings_ == b.timings_ && a.aspect_ == b.aspect_;
    }

  private:
    Mode() = default;

    ModeTimings timings_;
    std::array<char, DRM_DISPLAY_MODE_LEN> name_{};  // ends in at least one zero
    uint32_t type_ = 0;
    AspectRatio aspect_ = AspectRatio::None;
};

}  // namespace plugboard::drm
