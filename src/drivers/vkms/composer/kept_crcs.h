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

    /// What to do about the next frame. Where everything changes from frame to frame it costs more
    /// to keep than to compose, so there two frames out of 34 are compared, and none is kept.
    enum class Look { None, Compare, Keep };
    Look begin_frame() {
        if (is_keeping_) return Look::Keep;
        if (rest_ == 0) return Look::Compare;
        --rest_;
        return Look::None;
    }
    /// Of a frame that is compared with the next one, or is that.
    void compare(std::vector<Fingerprint> frame) {
        const std::vector<Fingerprint> before = std::exchange(seen_, std::move(frame));
        if (before.size() != seen_.size()) return;
        size_t same = 0;
        for (size_t i = 0; i < before.size(); ++i) same += before[i] == seen_[i];
        is_keeping_ = same * 4 >= seen_.size();
        if (!is_keeping_) begin_rest();
        seen_.clear();
    }
    /// Of a frame that is kept: `reused` of its slices were known. One where all is new, between
    /// others, is no reason to keep none.
    void end_frame(size_t reused) {
        reused_ = reused;
        const bool is_worth_it = reused * 4 >= slices_.size();
        new_frames_ = is_worth_it ? 0 : new_frames_ + 1;
        if (is_worth_it) pause_ = 0;
        if (new_frames_ < 3) return;  // of the first one nothing was known
        is_keeping_ = false;
        new_frames_ = 0;
        begin_rest();
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

    /// Slices of the last frame that was kept which were known.
    size_t reused() const { return reused_; }

  private:
    static constexpr unsigned most_rest = 32;  // frames

    void begin_rest() {
        rest_ = pause_;
        pause_ = std::min(pause_ * 2 + 1, most_rest);
    }

    std::vector<Slice> slices_;
    std::vector<StillPicture> pictures_;  // by plane
    std::vector<Fingerprint> seen_;       // of the frame before, while it is compared
    unsigned pause_ = 0, rest_ = 0;       // frames
    unsigned new_frames_ = 0;             // one after the other
    bool is_keeping_ = true;
    size_t reused_ = 0;
};

}  // namespace plugboard::vkms
