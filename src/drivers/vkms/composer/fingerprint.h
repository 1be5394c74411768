// What lines of a screen are made of, as a number: where it is the same, they look the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "drivers/vkms/composer/scene.h"

namespace plugboard::vkms {

/// 128 bits. Two that are made of something else are not the same, as far as anybody knows.
struct Fingerprint {
    uint64_t low = 0, high = 0;
    bool operator==(const Fingerprint&) const = default;
};

/// Of everything that a composer reads: sizes, colors, tables, pixels.
class Fingerprints {
  public:
    /// Pictures that are not read line by line are looked at now, the others when asked.
    explicit Fingerprints(const Scene& scene);

    /// Of the lines from `top` to before `bottom`. The planes are the scene's, or as good for these
    /// lines. Any thread.
    Fingerprint of(std::span<const ScenePlane> planes, uint32_t top, uint32_t bottom) const;

  private:
    Fingerprint frame_;                        // of what counts for every line
    std::vector<Fingerprint> whole_pictures_;  // of those planes that have them in common
};

}  // namespace plugboard::vkms
