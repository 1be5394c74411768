// The hardware of the small screen: glass that keeps what was drawn last, and the panel behind it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "device/device.h"
#include "drm/objects/framebuffer.h"

namespace plugboard::small {

/// What a person sees: XRGB8888 line by line, or nothing. Belongs to nobody's driver.
struct Glass {
    std::vector<uint32_t> pixels;
};

/// devm. Dark when it is made and when it goes. One thread at a time.
class Panel {
  public:
    /// Inval: the device has no Glass* as platform_data.
    static Result<Panel> create(const device::Device& device);
    Panel(Panel&& other) noexcept;
    ~Panel();

    void show(const drm::Framebuffer& fb);
    void go_dark() { glass_->pixels.clear(); }

  private:
    explicit Panel(Glass& glass) : glass_(&glass) {}
    Glass* glass_;  // null: moved from
};

}  // namespace plugboard::small
