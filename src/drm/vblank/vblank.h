// The vertical blanks of one CRTC: the count, its time, and who waits for which.
// Linux: drivers/gpu/drm/drm_vblank.c
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/ref.h"
#include "base/wait.h"

namespace plugboard::drm {

class FaultPlan;

struct VblankCount {
    uint64_t sequence = 0;
    Time time{};
};

/// Whether `sequence` has passed `target`: their distance is at most 2^23, modulo 2^64.
constexpr bool has_passed(uint64_t sequence, uint64_t target) {
    return sequence - target <= (uint64_t{1} << 23);
}

/// Made with its CRTC. Any thread. Its lock is taken under the modeset lock, never the other way;
/// callbacks run with none held.
class Vblank {
  public:
    /// Runs once at a vblank, or when the CRTC goes off; an unplug turns it off.
    using Callback = std::function<void(VblankCount at)>;

    explicit Vblank(Clock& clock);
    ~Vblank();

    /// The CRTC is on now, with this time between vblanks; the count goes up by one.
    /// Linux: drm_crtc_vblank_on
    void turn_on(Nanos period);
    /// Everybody who waits is told now, with the last count; who is being told of a vblank on
    /// another thread, has been. Linux: drm_crtc_vblank_off
    void turn_off();
    bool is_on() const;
    Nanos period() const;
    /// From now on the next vblank waits for arm(), for up to so long after the last one, and comes
    /// with it, but not before a period has passed. Not above the period: each comes with its
    /// period, as they do in the beginning.
    void set_longest(Nanos longest);
    /// Between two vblanks that nothing was armed for.
    Nanos idle_period() const;

    /// Last count and its time; brought up to date if the timer rests on a CRTC that is on. Only
    /// what a user sees (get()) is kept: going off forgets the rest, as in Linux.
    VblankCount current();

    /// A user: while there is one the timer runs (first vblank one period after it was started).
    /// False: the CRTC is off. After the last put it runs on for 5 s.
    bool get();
    void put();

    /// Runs `callback` at the first vblank that has passed `sequence`; holds a user until then.
    /// At once when passed or off: the result is then what it was told. `owner` (a file's id) is
    /// for forget(). Never with a lock held.
    std::optional<VblankCount> call_at(uint64_t sequence, Callback callback, uint64_t owner = 0);
    /// Drops what call_at() keeps for the owner, uncalled.
    void forget(uint64_t owner);
    /// Runs at the next vblank before waiters wake, those armed first first; false (and not run)
    /// when off. One that is past, and only told late, is not the next. The next is then due as
    /// soon as set_longest() lets it.
    bool arm(Callback callback);
    /// The same for who only watches: the vblank is due when it was.
    bool watch_next(Callback callback);
    /// Called at each vblank after armed callbacks, on the timer's thread: composition, CRC. The
    /// one before is not called any more once this returns, unless it is made from a callback.
    void set_observer(Callback observer);

    /// Woken at each vblank, at turn_off, and at unplug.
    WaitQueue& queue() { return queue_; }

    /// Its vblanks may be lost and late by this plan, under the index of its CRTC; null: by none.
    void set_faults(FaultPlan* faults, uint32_t crtc);

    // For the timer that drives it (vblank_timer.h).
    /// When the next vblank is due; nothing while the timer rests.
    std::optional<Time> next_due() const;
    /// The vblank at its due time. The timer may be late: the count then goes up by as many as were
    /// due since, and callbacks run once, with the newest. Linux: drm_update_vblank_count
    void handle(Time due);
    /// Returns when whoever is being told of a vblank on another thread has been.
    void settle();
    /// Woken whenever next_due() may have changed.
    void set_timer(Waker* timer);

  private:
    struct State;
    std::unique_ptr<State> state_;
    WaitQueue queue_;
};

}  // namespace plugboard::drm
