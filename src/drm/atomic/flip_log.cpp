#include "drm/atomic/flip_log.h"

#include <algorithm>
#include <utility>

namespace plugboard::drm::atomic {

void FlipLog::add(const Flip& flip) {
    {
        MutexLock lock(mutex_);
        if (ring_.size() < capacity) {
            ring_.push_back(flip);
        } else {
            ring_[total_ % capacity] = flip;
        }
        total_++;
    }
    queue_.wake_all();
}

uint64_t FlipLog::total() const {
    MutexLock lock(mutex_);
    return total_;
}

std::vector<Flip> FlipLog::newest(size_t at_most) const {
    MutexLock lock(mutex_);
    return copy_newest(at_most);
}

std::vector<Flip> FlipLog::take_since(uint64_t& before) const {
    MutexLock lock(mutex_);
    return copy_newest(static_cast<size_t>(total_ - std::exchange(before, total_)));
}

std::vector<Flip> FlipLog::copy_newest(size_t at_most) const {
    const size_t count = std::min(at_most, ring_.size());
    std::vector<Flip> flips;
    flips.reserve(count);
    for (uint64_t i = total_ - count; i < total_; i++) flips.push_back(ring_[i % capacity]);
    return flips;
}

}  // namespace plugboard::drm::atomic
