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
    /// `whole_pictures`: of the planes that are not read line by line, by plane; the others are
    /// looked at when asked.
    Fingerprints(const Scene& scene, std::span<const Fingerprint> whole_pictures);

    /// Of the lines from `top` to before `bottom`. The planes are the scene's, or as good for these
    /// lines. Any thread.
    Fingerprint of(std::span<const ScenePlane> planes, uint32_t top, uint32_t bottom) const;

  private:
    Fingerprint frame_;                        // of what counts for every line
    std::vector<Fingerprint> whole_pictures_;  // by plane
};

/// Of a picture as its memory has it now.
Fingerprint fingerprint_of(const SourceImage& picture);

}  // namespace plugboard::vkms
