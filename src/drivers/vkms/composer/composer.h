// The scalar reference composer: slow, plain, and the judge of every faster one.
// Linux: drivers/gpu/drm/vkms/vkms_composer.c
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/result.h"
#include "drivers/vkms/composer/argb16.h"
#include "drivers/vkms/composer/scene.h"

namespace plugboard::vkms {

/// Composes line by line in 16 bits per channel. Keeps its line buffers from frame to frame.
/// One owner, one thread at a time.
class Composer {
  public:
    /// CRC and pictures of the scene in one pass. EINVAL: unsupported format, nothing was written.
    /// ENOMEM: no memory for a line.
    Result<void> compose(const Scene& scene, const Outputs& outputs);

  private:
    Result<void> reserve(size_t width);
    void draw_plane(const ScenePlane& plane, int64_t y, std::span<Argb16> line);

    std::unique_ptr<Argb16[]> line_;
    std::unique_ptr<Argb16[]> stage_;
    size_t capacity_ = 0;
};

}  // namespace plugboard::vkms
