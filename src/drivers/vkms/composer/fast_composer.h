// Composes what the Composer composes, bit for bit, many times faster.
// Linux: drivers/gpu/drm/vkms/vkms_composer.c
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "drivers/vkms/composer/gamma_table.h"
#include "drivers/vkms/composer/helpers.h"
#include "drivers/vkms/composer/scene.h"

namespace plugboard::vkms {

/// What is hidden is not read, and a piece of a line stays in the cache until it is written. Keeps
/// the tables from frame to frame. One owner, one thread at a time.
class FastComposer {
  public:
    /// With so many threads beside the caller's, for frames that are worth it.
    explicit FastComposer(size_t helpers = 0) : helpers_(helpers) {}

    /// CRC and pictures of the scene in one pass. EINVAL: unsupported format, nothing was written.
    /// ENOMEM: no memory for a table.
    Result<void> compose(const Scene& scene, const Outputs& outputs);

  private:
    GammaTable degamma_;
    GammaTable gamma_;
    Helpers helpers_;
};

}  // namespace plugboard::vkms
