#include "drm/atomic/disable_framebuffer.h"

#include <utility>
#include <vector>

#include "drm/atomic/commit.h"
#include "drm/atomic/commit_worker.h"

namespace plugboard::drm::atomic {
namespace {

enum class CrtcsOfPrimaries { Keep, TurnOff };

void turn_off(State& state, Crtc& crtc) {
    CrtcState& off = state.crtc(crtc);
    off.active = false;
    off.mode.reset();
    off.mode_blob.reset();
    for (const Ref<Connector>& connector : state.device().mode_config().connectors) {
        if (connector->state.crtc == &crtc) state.set_crtc(*connector, nullptr);
    }
}

/// Takes the framebuffer off all planes in one state.
Result<void> fill(State& state, const Framebuffer& fb, CrtcsOfPrimaries crtcs) {
    for (Plane* plane : state.device().mode_config().planes) {
        if (!plane->state.fb || &**plane->state.fb != &fb) continue;
        Crtc* crtc = plane->state.crtc;
        if (crtcs == CrtcsOfPrimaries::TurnOff && crtc && crtc->info().primary == plane)
            turn_off(state, *crtc);
        state.plane(*plane).fb.reset();
        state.set_crtc(*plane, nullptr);
    }
    return {};
}

bool is_shown(Device& device, const Framebuffer& fb) {
    ModeConfig& config = device.mode_config();
    MutexLock lock(config.lock());
    for (const Plane* plane : config.planes) {
        if (plane->state.fb && &**plane->state.fb == &fb) return true;
    }
    return false;
}

Result<void> commit_without(Device& device, const Framebuffer& fb, CrtcsOfPrimaries crtcs) {
    return commit_internal(
        State::create(device, nullptr, {.allow_modeset = true},
                      [&fb, crtcs](State& state) { return fill(state, fb, crtcs); }));
}

/// On a device that is gone nothing is programmed any more; only the reference is let go.
void forget(Device& device, const Framebuffer& fb) {
    std::vector<PlaneState> old;
    ModeConfig& config = device.mode_config();
    MutexLock lock(config.lock());
    for (Plane* plane : config.planes) {
        if (!plane->state.fb || &**plane->state.fb != &fb) continue;
        old.push_back(std::exchange(plane->state, {}));
    }
    lock.unlock();
}

}  // namespace

void disable_framebuffer(Device& device, Framebuffer& fb) {
    if (!is_shown(device, fb)) return;
    auto done = commit_without(device, fb, CrtcsOfPrimaries::Keep);
    if (!done.ok() && done.error() == Errno::Inval)
        done = commit_without(device, fb, CrtcsOfPrimaries::TurnOff);
    if (done.ok()) return;
    if (!device.is_gone())
        log::error("{}: framebuffer {} cannot be taken off its planes: {}", device.card_name(),
                   raw(fb.id()), errno_name(done.error()));
    forget(device, fb);
}

}  // namespace plugboard::drm::atomic
