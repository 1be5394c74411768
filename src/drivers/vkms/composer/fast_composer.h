// Composes what the Composer composes, bit for bit, many times faster.
// Linux: drivers/gpu/drm/vkms/vkms_composer.c
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/result.h"
#include "drivers/vkms/composer/fingerprint.h"
#include "drivers/vkms/composer/gamma_table.h"
#include "drivers/vkms/composer/helpers.h"
#include "drivers/vkms/composer/kept_crcs.h"
#include "drivers/vkms/composer/scene.h"

namespace plugboard::vkms {

/// What is hidden is not read, and a piece of a line stays in the cache until it is written. Keeps
/// the tables from frame to frame. One owner, one thread at a time.
class FastComposer {
  public:
    /// The caller alone.
    FastComposer() = default;
    /// `helpers` take part in frames that are worth it, and outlive this; `hands`: theirs, and the
    /// caller's if that is none of them.
    FastComposer(Helpers& helpers, size_t hands) : helpers_(&helpers), hands_(hands) {}

    /// CRC and pictures of the scene in one pass. EINVAL: unsupported format, nothing was written.
    /// ENOMEM: no memory for a table.
    Result<void> compose(const Scene& scene, const Outputs& outputs);
    /// The CRC alone, of what has changed since the frame before; the same in the end. Where
    /// there is no memory for a copy of what has changed, nothing is kept.
    Result<void> compose(const Scene& scene, uint32_t& crc, KeptCrcs& kept);

  private:
    Result<void> prepare(const Scene& scene, const Outputs& outputs);
    void run(size_t count, const std::function<void(size_t)>& job);
    /// Of the slices that CRCs are kept of, as the pictures are now.
    std::vector<Fingerprint> look_at(const Scene& scene);

    GammaTable degamma_;
    GammaTable gamma_;
    Helpers* helpers_ = nullptr;
    size_t hands_ = 1;
};

}  // namespace plugboard::vkms
