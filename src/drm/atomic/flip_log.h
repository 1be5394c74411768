// The last flips of a device: what `status` counts and tests look at.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/wait.h"
#include "drm/objects/mode_object.h"

namespace plugboard::drm::atomic {

/// A picture that a CRTC has begun to show.
struct Flip {
    ObjectId crtc = ObjectId::None;
    uint64_t sequence = 0;  // of the vblank
    Time time{};            // of the vblank
    uint64_t file_id = 0;   // whose request it was; 0: the core's own
};

/// A ring of the newest flips; cursor updates are not in it. Any thread; its lock is a leaf.
class FlipLog {
  public:
    static constexpr size_t capacity = 4096;

    void add(const Flip& flip);
    /// How many there were since the device was made.
    uint64_t total() const;
    /// The newest ones, oldest first.
    std::vector<Flip> newest(size_t at_most = capacity) const;
    /// Those behind the first `before` that there were, as far as they are still kept; `before`
    /// becomes total().
    std::vector<Flip> take_since(uint64_t& before) const;
    /// Woken at each flip.
    WaitQueue& queue() { return queue_; }

  private:
    std::vector<Flip> copy_newest(size_t at_most) const REQUIRES(mutex_);

    mutable Mutex<LockClass<FlipLog>> mutex_;
    std::vector<Flip> ring_ GUARDED_BY(mutex_);  // grows to its capacity, then is overwritten
    uint64_t total_ GUARDED_BY(mutex_) = 0;
    WaitQueue queue_;
};

}  // namespace plugboard::drm::atomic
