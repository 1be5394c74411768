// One screen that shows one framebuffer: a plane, a CRTC, an encoder and a connector as one thing.
// Linux: drivers/gpu/drm/drm_simple_kms_helper.c
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "device/bound.h"
#include "drm/device.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {

struct PipeInfo {
    std::vector<Mode> modes;        // of the fixed screen, the best first
    std::vector<uint32_t> formats;  // fourcc, in the order clients see
};

/// What the pipe is asked to show. Borrowed for the call.
struct PipeState {
    const Mode& mode;
    const Framebuffer& fb;  // of the mode's size
};

/// drmm: `drm->manage<Screen>(*drm, ...)` in probe(), before the VblankTimer is made. The core's
/// hooks call these; events and fences are the core's business.
class SimplePipe : public KmsHooks {
  public:
    SimplePipe(const SimplePipe&) = delete;
    SimplePipe& operator=(const SimplePipe&) = delete;

    Crtc& crtc() { return crtc_; }

    Result<void> check(atomic::State& state) final;
    void commit(const device::Bound& bound, atomic::State& state) final;

  protected:
    SimplePipe(Device& device, PipeInfo info);
    ~SimplePipe() = default;

    /// Refuses what the screen cannot show. With the modeset lock.
    virtual Result<void> accept(const PipeState&) const { return {}; }
    /// On the commit worker, inside the gate.
    virtual void show(const device::Bound& bound, const PipeState& next) = 0;
    virtual void turn_off(const device::Bound&) {}

  private:
    Plane& plane_;
    Crtc& crtc_;
};

}  // namespace plugboard::drm
