#include "drivers/vkms/screenshot.h"

#include <drm_fourcc.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "drivers/vkms/card.h"
#include "drm/atomic/commit_worker.h"

namespace plugboard::vkms {
namespace {

constexpr uint32_t bytes_per_pixel = 4;  // of a pixel in XR24

constexpr int most_tries = 32;

/// A frame with pixels of its own: a client that gets its buffer back goes on drawing in it.
class Snapshot {
  public:
    /// Instead of what it was. The second copy has the memory of the first: it takes less long.
    Result<void> take(Frame frame) {
        frame_ = std::move(frame);
        planes_ = TRY(scene_planes(frame_));
        size_t copies = 0;
        for (ScenePlane& plane : planes_) {
            for (PlaneMemory& memory : plane.image.planes) {
                if (memory.bytes.empty()) continue;
                if (copies == copies_.size()) copies_.emplace_back();
                memory.bytes = TRY(copies_[copies++].take(memory.bytes));
            }
        }
        return {};
    }
    drm::Size size() const { return frame_.size; }
    Scene scene() const { return scene_of(frame_, planes_); }

  private:
    struct Copy {
        Result<std::span<const std::byte>> take(std::span<const std::byte> source) {
            if (source.size() > capacity) {
                bytes.reset(new (std::nothrow) std::byte[source.size()]);
                capacity = bytes ? source.size() : 0;
                if (!bytes) return Errno::NoMem;
            }
            std::memcpy(bytes.get(), source.data(), source.size());
            return std::span<const std::byte>(bytes.get(), source.size());
        }
        std::unique_ptr<std::byte[]> bytes;
        size_t capacity = 0;
    };
    Frame frame_;
    std::vector<ScenePlane> planes_;
    std::vector<Copy> copies_;
};

Result<Image> picture_of(const Snapshot& frame) {
    const size_t pixels = frame.size().area();
    Image image{
        .width = frame.size().width, .height = frame.size().height, .storage = {}, .rgb = {}};
    image.storage.reset(new (std::nothrow) uint8_t[pixels * bytes_per_pixel]);
    if (!image.storage) return Errno::NoMem;
    const TargetImage target{.format = DRM_FORMAT_XRGB8888,
                             .memory = {.bytes = std::as_writable_bytes(std::span(
                                            image.storage.get(), pixels * bytes_per_pixel)),
                                        .pitch = frame.size().width * bytes_per_pixel}};
    FastComposer composer;
    TRY(composer.compose(frame.scene(), {.images = {&target, 1}}));
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
    const drm::atomic::FlipLog& flips = device.mode_config().worker().flip_log();
    const drm::ObjectId id = device.mode_config().crtcs[crtc]->id();
    Snapshot snapshot;
    for (int tries = 1;; ++tries) {
        uint64_t before = flips.total();
        // A copy keeps the buffers: reading them needs the device no more.
        std::optional<Frame> frame = TRY(with_worker(
            device, card->worker(),
            [&](FrameWorker& used) -> Result<std::optional<Frame>> { return used.shown(crtc); }));
        if (!frame) return Errno::Io;
        const uint32_t max = device.mode_config().limits.max_width;
        if (frame->size.width > max || frame->size.height > max) return Errno::Inval;
        TRY(snapshot.take(*std::move(frame)));
        // Until its next flip the client does not draw in what the CRTC shows. One that flips
        // faster than its buffers can be copied gets the picture it makes.
        const bool is_whole = std::ranges::none_of(
            flips.take_since(before), [&](const auto& flip) { return flip.crtc == id; });
        if (is_whole || tries == most_tries) return picture_of(snapshot);
    }
}

}  // namespace plugboard::vkms
