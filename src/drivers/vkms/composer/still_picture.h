// A copy of a picture, which no client draws to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "drivers/vkms/composer/fingerprint.h"
#include "drivers/vkms/composer/source_image.h"

namespace plugboard::vkms {

/// Keeps its memory from picture to picture. One owner, one thread at a time.
class StillPicture {
  public:
    /// Of what the picture's memory has now, line by line. Valid until the next one. ENOMEM: there
    /// is no memory for it.
    Result<SourceImage> copy(const SourceImage& picture);
    /// The same, if the last copy is not of the same pixels anyway.
    Result<SourceImage> update(const SourceImage& picture);
    /// Of the copy, after an update().
    const Fingerprint& fingerprint() const { return *fingerprint_; }

  private:
    std::unique_ptr<std::byte[]> bytes_;
    uint64_t capacity_ = 0;
    SourceImage image_{};
    std::optional<Fingerprint> fingerprint_;  // none: nobody asked
};

}  // namespace plugboard::vkms
