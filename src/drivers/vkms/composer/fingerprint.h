// What lines of a screen are made of, as a number: where it is the same, they look the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "drivers/vkms/composer/scene.h"

namespace plugboard::vkms {

/// 128 bits. Two that are made of something else are not the same, as far as anybody knows.
struct Fingerprint {
    uint64_t low = 0, high = 0;
    bool operator==(const Fingerprint&) const = default;
};

/// Of everything that a composer reads: sizes, colors, tables, pixels. Borrows the scene.
class Fingerprints {
  public:
    explicit Fingerprints(const Scene& scene);

    /// Of the lines from `top` to before `bottom`, with the pixels that are there now. Any thread.
    Fingerprint of(uint32_t top, uint32_t bottom) const;
    /// Pixels of pictures that are not read line by line, turned or scaled ones, are those of the
    /// moment when this was made: whether they still are the same.
    bool still_holds() const;

  private:
    struct Plane {
        std::vector<uint64_t> numbers;             // all that is no pixel
        std::optional<Fingerprint> whole_picture;  // of a picture that is not read line by line
    };

    const Scene& scene_;
    Fingerprint frame_;  // of what counts for every line
    std::vector<Plane> planes_;
};

}  // namespace plugboard::vkms
