// Planes with copies of their pictures, which no client draws to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "drivers/vkms/composer/plane_cut.h"
#include "drivers/vkms/composer/scene.h"

namespace plugboard::vkms {

/// Borrows the pictures that are not copied, and the pipelines.
class StillPlanes {
  public:
    /// Copies the pictures that are not read line by line.
    static StillPlanes with_whole_pictures(std::span<const ScenePlane> planes);
    /// Copies of the others what the screen's lines from `top` to before `bottom` show, which are
    /// all they are good for.
    static StillPlanes with_lines(std::span<const ScenePlane> planes, uint32_t top,
                                  uint32_t bottom);

    std::span<const ScenePlane> planes() const { return planes_; }

  private:
    StillPlanes() = default;
    void copy_picture(SourceImage& image);

    std::vector<ScenePlane> planes_;
    std::vector<std::unique_ptr<std::byte[]>> copies_;
};

}  // namespace plugboard::vkms
