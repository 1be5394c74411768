#include "drm/vblank/vblank_timer.h"

#include "device/model.h"
#include "drm/fault_plan.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {

Result<std::unique_ptr<VblankTimer>> VblankTimer::create(Device& device) {
    std::unique_ptr<VblankTimer> timer(new VblankTimer(device));
    timer->thread_ =
        TRY(device.parent().model().start_thread([timer = timer.get()] { timer->run(); }));
    return timer;
}

VblankTimer::VblankTimer(Device& device) : device_(device), sleeper_(device.clock()) {
    for (Crtc* crtc : device_.mode_config().crtcs) crtc->vblank().set_timer(&sleeper_);
    faults_of(device_).set_timer(&sleeper_);
}

VblankTimer::~VblankTimer() {
    faults_of(device_).set_timer(nullptr);
    for (Crtc* crtc : device_.mode_config().crtcs) crtc->vblank().set_timer(nullptr);
    stopping_ = true;
    sleeper_.wake();
    thread_.join();
}

void VblankTimer::run() {
    Clock& clock = device_.clock();
    FaultPlan& faults = faults_of(device_);
    while (!stopping_) {
        Crtc* first = nullptr;
        std::optional<Time> due = faults.next_due();
        if (due && *due <= clock.now()) {
            faults.break_links(device_);
            continue;
        }
        for (Crtc* crtc : device_.mode_config().crtcs) {
            const std::optional<Time> own = crtc->vblank().next_due();
            if (!own || (due && *due <= *own)) continue;
            first = crtc;
            due = own;
        }
        if (first && *due <= clock.now()) {
            first->vblank().handle(*due);
        } else {
            sleeper_.sleep(due, Interrupts::Ignored);
        }
    }
}

}  // namespace plugboard::drm
