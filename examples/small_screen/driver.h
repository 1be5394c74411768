// A whole DRM driver: one fixed screen of 1024x768 whose pixels go to a panel in memory.
// Linux: drivers/gpu/drm/tiny
#pragma once

#include <drm_fourcc.h>

#include "device/driver.h"
#include "drm/helpers/simple_pipe.h"
#include "drm/vblank/vblank_timer.h"
#include "examples/small_screen/panel.h"

namespace plugboard::small {

using device::Bound;
using device::Managed;

class Screen final : public drm::SimplePipe {  // drmm: lives until the last file closes
  public:
    Screen(drm::Device& drm, Managed<Panel> panel)
        : SimplePipe(drm,
                     {.modes = {drm::Mode::cvt(1024, 768, 60)}, .formats = {DRM_FORMAT_XRGB8888}}),
          panel_(panel) {}

  private:
    Result<void> accept(const drm::PipeState& next) const override {
        return next.mode.vrefresh() <= 60 ? Result<void>() : Errno::Range;  // a slow panel
    }
    void show(const Bound& bound, const drm::PipeState& next) override {  // only while plugged in
        panel_.get(bound).show(next.fb);
    }
    void turn_off(const Bound& bound) override { panel_.get(bound).go_dark(); }

    Managed<Panel> panel_;  // devm: released at unbind
};

/// Wants the panel's Glass* as platform_data.
class Driver final : public device::Driver {
  public:
    Driver() : device::Driver({.name = "small", .matches = {"virtual,small-screen"}}) {}

    Result<void> probe(Bound& bound) override {
        auto panel = TRY(bound.manage<Panel>(bound.device()));
        auto drm = TRY(drm::Device::create(bound, {.name = "small"}));
        drm->manage<Screen>(*drm, panel);
        TRY(bound.manage<drm::VblankTimer>(*drm));  // flip events and fences come from here
        return drm->publish(bound);                 // newest, so unbind starts by unpublishing
    }
    // No remove(): unbind undoes the lines of probe() from the last to the first.
};

}  // namespace plugboard::small
