// The CRCs of a screen's slices from one frame to the next, with what they were made of: what has
// not changed is not composed again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "drivers/vkms/composer/fingerprint.h"
#include "drivers/vkms/composer/plane_cut.h"
#include "drivers/vkms/composer/scene.h"
#include "drivers/vkms/composer/still_picture.h"

namespace plugboard::vkms {

/// Of one screen, for the composer that fills it. One owner, one thread at a time.
class KeptCrcs {
  public:
    struct Slice {
        std::optional<Fingerprint> made_of;  // none: its CRC is of no use
        uint32_t crc = 0;
    };

    /// Whether to look for what has changed in the next frame: to look costs time, too, so where
    /// everything changes from frame to frame it is done in two frames out of 34.
    bool begin_frame() {
        if (rest_ > 0) {
            --rest_;
            is_current_ = false;
            return false;
        }
        return true;
    }
    /// Slices of the frame that is looked at, of which `reused` were known.
    void end_frame(size_t reused) {
        reused_ = reused;
        const bool is_first_look = !std::exchange(is_current_, true);
        if (is_first_look) return;
        if (reused * 4 >= slices_.size()) pause_ = 0;
        rest_ = pause_;
        if (reused * 4 < slices_.size()) pause_ = std::min(pause_ * 2 + 1, most_rest);
    }

    std::vector<Slice>& slices(size_t count) {
        if (slices_.size() != count) slices_.assign(count, {});
        return slices_;
    }
    /// Puts copies in place of the pictures that are not read line by line, good until the next
    /// frame; what they are copies of, by plane. ENOMEM: there is no memory for one.
    Result<std::vector<Fingerprint>> copy_whole_pictures(std::span<ScenePlane> planes) {
        pictures_.resize(planes.size());
        std::vector<Fingerprint> of(planes.size());
        for (size_t i = 0; i < planes.size(); ++i) {
            if (is_read_line_by_line(planes[i])) {
                pictures_[i] = {};
                continue;
            }
            planes[i].image = TRY(pictures_[i].update(planes[i].image));
            of[i] = pictures_[i].fingerprint();
        }
        return of;
    }

    /// Slices of the last frame that was looked at which were known.
    size_t reused() const { return reused_; }

  private:
    static constexpr unsigned most_rest = 32;  // frames

    std::vector<Slice> slices_;
    std::vector<StillPicture> pictures_;  // by plane
    unsigned pause_ = 0, rest_ = 0;       // frames
    bool is_current_ = false;             // made of the frame before
    size_t reused_ = 0;
};

}  // namespace plugboard::vkms
