// The faults that are planted in a device, and how often each has hit.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "drm/fault.h"

namespace plugboard::drm {

class Device;
class File;
class Request;

/// One planted fault, for people.
struct PlantedFault {
    uint64_t id = 0;  // from 1
    Fault fault{};
    uint64_t events = 0;  // that it was about, within its time
    uint64_t hits = 0;    // of them
};

/// One a drm::Device, and lives as long. Any thread. Its lock is a leaf.
class FaultPlan {
  public:
    explicit FaultPlan(Clock& clock) : clock_(clock) {}
    FaultPlan(const FaultPlan&) = delete;
    FaultPlan& operator=(const FaultPlan&) = delete;

    /// Its id. What is due at once has happened when this returns. With no lock held.
    uint64_t plant(Device& device, Fault fault);
    /// The same, but a link that is due at once is the timer's.
    uint64_t add(Fault fault);
    /// False: there is none with that id.
    bool remove(uint64_t id);
    void clear();
    std::vector<PlantedFault> list() const;
    /// What each place below asks first.
    bool is_empty() const { return is_empty_.load(); }

    // Where faults hit.
    /// The error of the first fault that hits this call, with its reason; `argument` is its struct.
    Result<void> check_call(Request& request, const File& file,
                            std::span<const std::byte> argument);
    struct VblankFate {
        bool lost = false;
        Nanos late{};
    };
    VblankFate judge_vblank(uint32_t crtc, Time now);
    /// How many vblanks later the commit is to be programmed.
    uint32_t judge_flip(uint32_t crtc, Time now);
    /// Nothing without a timer: nobody would ask.
    void note_flip(uint32_t crtc);

    // For the timer that finds when links go bad (vblank/vblank_timer.h), which is woken when
    // next_due() may have changed.
    void set_timer(Waker* timer);
    std::optional<Time> next_due() const;
    /// Counts the links that are due. The model's worker makes them bad and tells, unless the
    /// device is gone by then: an unplug waits for nobody who hears of it. With no lock held.
    void break_links(Device& device);

  private:
    struct Entry {
        PlantedFault planted;
        Time since;
        bool is_over = false;  // a link's time has come
    };
    Entry& append_locked(Fault fault, Time now) REQUIRES(mutex_);
    bool is_in_time(const Entry& entry, Time now) const;
    /// Counts an event of the entry's; whether it is hit.
    bool count(Entry& entry) const;
    std::optional<Time> next_due_locked() const REQUIRES(mutex_);
    bool is_flip_waited_for_locked() const REQUIRES(mutex_);
    void changed_locked() REQUIRES(mutex_);

    Clock& clock_;
    std::atomic<bool> is_empty_{true};
    mutable Mutex<LockClass<FaultPlan>> mutex_;
    std::vector<Entry> entries_ GUARDED_BY(mutex_);
    std::vector<uint32_t> flips_ GUARDED_BY(mutex_);  // CRTCs that flipped; links may wait for it
    uint64_t last_id_ GUARDED_BY(mutex_) = 0;
    Waker* timer_ GUARDED_BY(mutex_) = nullptr;
};

/// The device's own.
FaultPlan& faults_of(Device& device);

}  // namespace plugboard::drm
