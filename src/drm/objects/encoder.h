// An encoder: which CRTCs can drive which connectors. It has no state of its own.
// Linux: drivers/gpu/drm/drm_encoder.c
#pragma once

#include <cstdint>

#include "drm/objects/mode_object.h"

namespace plugboard::drm {

class Device;

struct EncoderInfo {
    uint32_t type = DRM_MODE_ENCODER_VIRTUAL;
    uint32_t possible_crtcs = 0;
    uint32_t possible_clones = 0;  // bit per encoder index
};

/// drmm. `index` counts from 0.
class Encoder final : public ModeObject {
  public:
    Encoder(Device& device, EncoderInfo info);

    uint32_t index() const { return index_; }
    const EncoderInfo& info() const { return info_; }

  private:
    uint32_t index_;
    EncoderInfo info_;
};

}  // namespace plugboard::drm
