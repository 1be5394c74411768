// Pulls a card inside a request, for tests: "when gpu0 serves MODE_ATOMIC, at the wait".
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "daemon/config/problem.h"
#include "daemon/slots.h"
#include "drm/request.h"

namespace plugboard::daemon {

/// "entry", "copy" (or "after-copy"), "wait".
std::optional<drm::StopPoint> parse_stop_point(std::string_view word);

/// One a process. Any thread.
class StopPoints {
  public:
    explicit StopPoints(Slots& slots);
    ~StopPoints();  // nothing is being served any more
    StopPoints(const StopPoints&) = delete;
    StopPoints& operator=(const StopPoints&) = delete;

    /// The next such request on the card pulls the card from its own thread, once. Forgotten when
    /// the card is pulled otherwise before.
    Outcome<Done> arm(std::string_view target, std::string_view ioctl, std::string_view point);
    /// How many requests were stopped.
    size_t count() const { return count_.load(); }

  private:
    struct Armed {
        PlugId plug;
        std::string ioctl;
        drm::StopPoint point;
    };
    /// Drops those on cards that are gone; `pulled` is the slots' pulled_generations().
    void forget_locked(const std::vector<uint64_t>& pulled) REQUIRES(mutex_);
    void reached(drm::Device& device, std::string_view ioctl, drm::StopPoint point);

    Slots& slots_;
    const drm::StopHook hook_;
    std::atomic<size_t> count_{0};
    std::atomic<bool> is_armed_{false};  // most requests need not look
    Mutex<LockClass<StopPoints>> mutex_;
    std::vector<Armed> armed_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::daemon
