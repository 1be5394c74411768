#include "drivers/vkms/screenshot.h"

#include <drm_fourcc.h>

#include <new>

#include "drivers/vkms/card.h"

namespace plugboard::vkms {
namespace {

constexpr uint32_t bytes_per_pixel = 4;  // of a pixel in XR24

Result<Image> picture_of(const Frame& frame) {
    const size_t pixels = frame.size.area();
    Image image{.width = frame.size.width, .height = frame.size.height, .storage = {}, .rgb = {}};
    image.storage.reset(new (std::nothrow) uint8_t[pixels * bytes_per_pixel]);
    if (!image.storage) return Errno::NoMem;
    const TargetImage target{.format = DRM_FORMAT_XRGB8888,
                             .memory = {.bytes = std::as_writable_bytes(std::span(
                                            image.storage.get(), pixels * bytes_per_pixel)),
                                        .pitch = frame.size.width * bytes_per_pixel}};
    Composer composer;
    TRY(compose(composer, frame, {.images = {&target, 1}}));
    // In place: a pixel never moves towards the end.
    uint8_t* const bytes = image.storage.get();
    for (size_t i = 0; i < pixels; ++i) {
        const uint8_t blue = bytes[i * bytes_per_pixel];
        const uint8_t green = bytes[i * bytes_per_pixel + 1];
        const uint8_t red = bytes[i * bytes_per_pixel + 2];
        bytes[i * 3] = red;
        bytes[i * 3 + 1] = green;
        bytes[i * 3 + 2] = blue;
    }
    image.rgb = {bytes, pixels * 3};
    return image;
}

}  // namespace

Result<Image> screenshot(drm::Device& device, uint32_t crtc) {
    const auto* card = dynamic_cast<const Card*>(device.mode_config().hooks);
    if (!card || crtc >= device.mode_config().crtcs.size()) return Errno::Inval;
    // A copy keeps the buffers: composing needs the device no more.
    const std::optional<Frame> frame = TRY(with_worker(
        device, card->worker(),
        [&](FrameWorker& used) -> Result<std::optional<Frame>> { return used.shown(crtc); }));
    if (!frame) return Errno::Io;
    const uint32_t max = device.mode_config().limits.max_width;
    if (frame->size.width > max || frame->size.height > max) return Errno::Inval;
    return picture_of(*frame);
}

}  // namespace plugboard::vkms
