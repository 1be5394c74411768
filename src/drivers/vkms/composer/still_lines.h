// Copies of what lines of a scene are made of, which nobody draws to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "drivers/vkms/composer/picture_window.h"
#include "drivers/vkms/composer/scene.h"

namespace plugboard::vkms {

/// A picture's window, copied; what the picture's memory lacks, the copy lacks too.
class PictureCopy {
  public:
    PictureCopy(const SourceImage& image, const PictureWindow& window);
    /// Lasts as long as the copy.
    std::array<PlaneMemory, drm::max_planes> planes() const { return planes_; }

  private:
    std::unique_ptr<std::byte[]> bytes_;
    std::array<PlaneMemory, drm::max_planes> planes_;
};

/// Planes that are not read line by line with a copy of their whole pictures, the others as they
/// are. Borrows what the planes borrow.
class StillPictures {
  public:
    explicit StillPictures(std::span<const ScenePlane> planes);
    std::span<const ScenePlane> planes() const { return planes_; }

  private:
    std::vector<ScenePlane> planes_;
    std::vector<PictureCopy> copies_;
};

/// Planes that are read line by line with a copy of what some lines of the screen show of them, the
/// others as they are: for those lines nothing else.
class StillLines {
  public:
    StillLines(std::span<const ScenePlane> planes, uint32_t top, uint32_t bottom);
    std::span<const ScenePlane> planes() const { return planes_; }

  private:
    std::vector<ScenePlane> planes_;
    std::vector<PictureCopy> copies_;
};

}  // namespace plugboard::vkms
