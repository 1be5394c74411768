// Planes with copies of their pictures, which no client draws to.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "drivers/vkms/composer/scene.h"
#include "drivers/vkms/composer/still_picture.h"

namespace plugboard::vkms {

/// Keeps its memory from copy to copy. One owner, one thread at a time.
class StillPlanes {
  public:
    /// What the screen's lines from `top` to before `bottom` show, which is all that the copies are
    /// good for. They are valid until the next ones, and borrow the pictures that are not read line
    /// by line, and the pipelines. ENOMEM: there is no memory for them.
    Result<std::span<const ScenePlane>> copy(std::span<const ScenePlane> planes, uint32_t top,
                                             uint32_t bottom);

  private:
    std::vector<ScenePlane> planes_;
    std::vector<StillPicture> copies_;
};

}  // namespace plugboard::vkms
