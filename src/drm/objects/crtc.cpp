#include "drm/objects/crtc.h"

#include <utility>

#include "drm/atomic/state.h"
#include "drm/device.h"
#include "drm/fault_plan.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {

Crtc::Crtc(Device& device, CrtcInfo info)
    : ModeObject(ObjectType::Crtc),
      device_(device),
      index_(static_cast<uint32_t>(device.mode_config().crtcs.size())),
      info_(info),
      vblank_(device.clock()) {
    ModeConfig& config = device.mode_config();
    config.ids.add(*this);
    config.crtcs.push_back(this);
    vblank_.set_faults(&faults_of(device), index_);

    const StandardProperties& standard = config.properties;
    for (const Property* property :
         {standard.active, standard.mode_id, standard.out_fence_ptr, standard.vrr_enabled})
        attach(*property, 0);
    add_color_management();
    if (info_.background_color) {
        config.add_background_color();
        attach(*standard.background_color, state.background_color);
    }
}

// Linux: drm_crtc_enable_color_mgmt, drm_mode_crtc_set_gamma_size
void Crtc::add_color_management() {
    const StandardProperties& standard = device_.mode_config().properties;
    if (info_.degamma_size != 0) {
        attach(*standard.degamma_lut, 0);
        attach(*standard.degamma_lut_size, info_.degamma_size);
    }
    if (info_.ctm) attach(*standard.ctm, 0);
    if (info_.gamma_size == 0) return;
    attach(*standard.gamma_lut, 0);
    attach(*standard.gamma_lut_size, info_.gamma_size);
    legacy_gamma.reserve(size_t{3} * info_.gamma_size);
    for (int colour = 0; colour < 3; colour++) {
        for (uint32_t i = 0; i < info_.gamma_size; i++)
            legacy_gamma.push_back(static_cast<uint16_t>(i << 8));
    }
}

Crtc::~Crtc() = default;

void Crtc::visit_refs(RefVisitor& visitor) const {
    MutexLock lock(device_.mode_config().lock());
    if (state.mode_blob) visitor.edge(*state.mode_blob, name() + " MODE_ID");
    if (state.degamma_lut) visitor.edge(*state.degamma_lut, name() + " DEGAMMA_LUT");
    if (state.ctm) visitor.edge(*state.ctm, name() + " CTM");
    if (state.gamma_lut) visitor.edge(*state.gamma_lut, name() + " GAMMA_LUT");
    if (newest_commit) visitor.edge(*newest_commit, name() + " newest commit");
}

}  // namespace plugboard::drm
