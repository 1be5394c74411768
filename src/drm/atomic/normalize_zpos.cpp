#include "drm/atomic/normalize_zpos.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace plugboard::drm::atomic {
namespace {

/// All that the CRTC shows with the new state, from the lowest.
std::vector<PlaneChange*> stack_of(State& state, const Crtc& crtc) {
    for (Plane* plane : state.device().mode_config().planes) {
        if (plane->state.crtc == &crtc) state.plane(*plane);
    }
    std::vector<PlaneChange*> stack;
    for (PlaneChange* change : state.planes()) {
        if (change->new_state.crtc == &crtc) stack.push_back(change);
    }
    std::ranges::sort(stack, {}, [](const PlaneChange* change) {
        return std::tuple(change->new_state.zpos, raw(change->plane->id()));
    });
    return stack;
}

}  // namespace

void normalize_zpos(State& state) {
    const bool has_zpos =
        std::ranges::any_of(state.device().mode_config().planes,
                            [](const Plane* plane) { return plane->info().zpos.has_value(); });
    if (!has_zpos) return;
    for (const CrtcChange* crtc : state.crtcs()) {
        uint32_t next = 0;
        for (PlaneChange* change : stack_of(state, *crtc->crtc))
            change->new_state.normalized_zpos = next++;
    }
}

}  // namespace plugboard::drm::atomic
