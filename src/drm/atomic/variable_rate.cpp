#include "drm/atomic/variable_rate.h"

#include <algorithm>
#include <chrono>

#include "drm/device.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm::atomic {
namespace {

bool is_shown_by(State& state, const Connector& connector, const Crtc& crtc) {
    const ConnectorChange* change = state.find(connector);
    const ConnectorState& next = change ? change->new_state : connector.state;
    return next.crtc == &crtc && !connector.is_writeback();
}

/// What all screens of the CRTC can wait; 0: not all have a rate that varies.
Nanos longest_frame(State& state, const Crtc& crtc) {
    uint32_t least_hz = 0;
    for (const Ref<Connector>& connector : state.device().mode_config().connectors) {
        if (!is_shown_by(state, *connector, crtc)) continue;
        const DisplayInfo& display = connector->display;
        if (!connector->info().options.vrr_capable || !display.is_vrr_capable()) return {};
        least_hz = std::max(least_hz, display.vrr_min_hz);
    }
    return least_hz == 0 ? Nanos() : Nanos(std::chrono::seconds(1)) / least_hz;
}

}  // namespace

void note_longest_frames(State& state) {
    for (CrtcChange* change : state.crtcs()) {
        const CrtcState& next = change->new_state;
        if (next.active && next.vrr_enabled)
            change->longest_frame = longest_frame(state, *change->crtc);
    }
}

}  // namespace plugboard::drm::atomic
