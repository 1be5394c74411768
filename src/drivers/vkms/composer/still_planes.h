// Planes with copies of their pictures, which no client draws to.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "drivers/vkms/composer/scene.h"
#include "drivers/vkms/composer/still_picture.h"

namespace plugboard::vkms {

/// Borrows the pictures that are not read line by line, and the pipelines.
class StillPlanes {
  public:
    /// Copies of the others what the screen's lines from `top` to before `bottom` show, which are
    /// all they are good for.
    /// ENOMEM: there is no memory for them.
    static Result<StillPlanes> create(std::span<const ScenePlane> planes, uint32_t top,
                                      uint32_t bottom);

    std::span<const ScenePlane> planes() const { return planes_; }

  private:
    std::vector<ScenePlane> planes_;
    std::vector<StillPicture> copies_;
};

}  // namespace plugboard::vkms
