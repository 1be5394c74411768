#include "drm/helpers/simple_pipe.h"

#include <utility>

#include "drm/atomic/state.h"

namespace plugboard::drm {
namespace {

constexpr uint32_t only_crtc = 1;  // a mask

void add_screen(Device& device, std::vector<Mode> modes) {
    auto& encoder = device.manage<Encoder>(
        device, EncoderInfo{.possible_crtcs = only_crtc, .possible_clones = 1});
    if (!modes.empty()) modes.front().set_preferred(true);
    ConnectorInfo info;
    info.encoders = {&encoder};
    info.modes = [modes = std::move(modes)] { return modes; };
    Connector::create(device, std::move(info));
}

}  // namespace

SimplePipe::SimplePipe(Device& device, PipeInfo info)
    : plane_(device.manage<Plane>(device, PlaneInfo{.type = PlaneType::Primary,
                                                    .possible_crtcs = only_crtc,
                                                    .formats = std::move(info.formats)})),
      crtc_(device.manage<Crtc>(device, CrtcInfo{.primary = &plane_})) {
    add_screen(device, std::move(info.modes));
    device.mode_config().hooks = this;
}

// Linux: drm_simple_kms_plane_atomic_check, drm_simple_kms_crtc_atomic_check
Result<void> SimplePipe::check(atomic::State& state) {
    const CrtcState& crtc = state.crtc(crtc_);
    const PlaneState& plane = state.plane(plane_);
    if (!crtc.mode) return {};
    if (!plane.is_on())
        return crtc.active
                   ? state.refuse(Errno::Inval, "{}: ACTIVE without a framebuffer", crtc_.name())
                   : Result<void>();
    const Size size = crtc.mode->size();
    const Rect whole{.x = 0, .y = 0, .width = size.width, .height = size.height};
    if (plane.destination != whole || !plane.source.has_size(size) || plane.source.x != 0 ||
        plane.source.y != 0 || (*plane.fb)->size() != size) {
        return state.refuse(Errno::Inval, "{}: a framebuffer of {}x{} is not just the mode, {}x{}",
                            plane_.name(), (*plane.fb)->size().width, (*plane.fb)->size().height,
                            size.width, size.height);
    }
    return accept({.mode = *crtc.mode, .fb = **plane.fb});
}

void SimplePipe::commit(const device::Bound& bound, atomic::State& state) {
    const atomic::CrtcChange* crtc = state.find(crtc_);
    const atomic::PlaneChange* plane = state.find(plane_);
    if (!crtc || !plane) return;  // nothing of ours
    if (crtc->new_state.active && crtc->new_state.mode && plane->new_state.is_on()) {
        show(bound, {.mode = *crtc->new_state.mode, .fb = **plane->new_state.fb});
    } else if (crtc->old_state.active) {
        turn_off(bound);
    }
}

}  // namespace plugboard::drm
