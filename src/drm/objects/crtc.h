// A CRTC: what sends the composed picture of its planes out in a mode's rhythm, and its state.
// Linux: drivers/gpu/drm/drm_crtc.c
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ref.h"
#include "drm/objects/blob.h"
#include "drm/objects/mode.h"
#include "drm/objects/mode_object.h"
#include "drm/vblank/vblank.h"

namespace plugboard::drm {

class Device;
class Plane;
namespace atomic {
class State;
}

struct CrtcInfo {
    Plane* primary = nullptr;
    Plane* cursor = nullptr;
    uint32_t gamma_size = 0;        // entries; 0: no gamma
    uint32_t degamma_size = 0;      // entries; 0: no DEGAMMA_LUT
    bool ctm = false;               // CTM
    bool background_color = false;  // BACKGROUND_COLOR
};

/// What one CRTC does. A value.
struct CrtcState {
    bool active = false;
    std::optional<Mode> mode;                          // `enable` in Linux
    MaybeRef<Blob> mode_blob;                          // what MODE_ID reads back
    MaybeRef<Blob> degamma_lut{}, ctm{}, gamma_lut{};  // what is composed goes through them so
    bool vrr_enabled = false;
    uint64_t background_color = 0xffff'0000'0000'0000;  // 16 bits each of alpha, red, green, blue
    bool async_flip = false;  // of the newest request: its picture waits for no vblank
};

/// drmm. `index` counts from 0; bit `index` stands for it in masks.
class Crtc final : public ModeObject {
  public:
    Crtc(Device& device, CrtcInfo info);
    ~Crtc();

    Device& device() const { return device_; }
    uint32_t index() const { return index_; }
    const CrtcInfo& info() const { return info_; }
    std::string name() const { return "crtc-" + std::to_string(index_); }

    CrtcState state;  // guarded by the modeset lock
    /// The newest request on this CRTC until it is cleaned up; guarded by the modeset lock.
    MaybeRef<atomic::State> newest_commit;
    struct CursorPosition {
        int32_t x = 0, y = 0;
    } cursor_position;  // legacy; modeset lock
    /// What the newest request that was installed changed; debugfs `state` shows it. Modeset lock.
    struct LastChange {
        bool planes = false, mode = false, active = false, connectors = false, color = false;
    } last_change;
    std::vector<uint16_t> legacy_gamma;  // red, green, blue after each other; modeset lock

    Vblank& vblank() { return vblank_; }
    const Vblank& vblank() const { return vblank_; }

    void visit_refs(RefVisitor& visitor) const;

  private:
    void add_color_management();

    Device& device_;
    uint32_t index_;
    CrtcInfo info_;
    Vblank vblank_;
};

}  // namespace plugboard::drm
