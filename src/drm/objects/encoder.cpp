#include "drm/objects/encoder.h"

#include "drm/device.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {

Encoder::Encoder(Device& device, EncoderInfo info)
    : ModeObject(ObjectType::Encoder),
      index_(static_cast<uint32_t>(device.mode_config().encoders.size())),
      info_(info) {
    device.mode_config().ids.add(*this);
    device.mode_config().encoders.push_back(this);
}

}  // namespace plugboard::drm
