#include "examples/small_screen/panel.h"

#include <any>
#include <cstring>
#include <utility>

namespace plugboard::small {

Result<Panel> Panel::create(const device::Device& device) {
    Glass* const* glass = std::any_cast<Glass*>(&device.info().platform_data);
    if (!glass) return Errno::Inval;
    return Panel(**glass);
}

Panel::Panel(Panel&& other) noexcept : glass_(std::exchange(other.glass_, nullptr)) {}

Panel::~Panel() {
    if (glass_) go_dark();
}

void Panel::show(const drm::Framebuffer& fb) {
    const drm::FramebufferPlane& plane = fb.info().planes[0];
    const auto bytes = (*plane.object)->map();
    if (!bytes.ok()) return go_dark();  // no memory for the mapping
    const drm::Size size = fb.size();
    glass_->pixels.resize(size.area());
    for (uint32_t y = 0; y < size.height; y++) {
        const size_t line = plane.offset + size_t{y} * plane.pitch;
        std::memcpy(&glass_->pixels[size_t{y} * size.width], &(*bytes)[line],
                    size_t{size.width} * 4);
    }
}

}  // namespace plugboard::small
