// Since when, and from where, each reference is held: off until somebody asks.
// Linux: lib/ref_tracker.c
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace plugboard {

class Object;

/// Switched at run time, for the whole process. Off, a Ref looks at one flag; on, it is written
/// down with the time and a short stack. Any thread.
namespace ref_tracker {

/// Time on CLOCK_MONOTONIC, or a test's own.
using Nanos = std::chrono::nanoseconds;
using Now = Nanos (*)();

/// One Ref: what it refers to, when it was taken, and where.
struct Record {
    const void* ref = nullptr;       // the Ref's address, an identity
    const Object* object = nullptr;  // an identity, not to be followed
    Nanos when{};
    std::array<void*, 16> frames{};  // return addresses, innermost first
    size_t depth = 0;

    std::span<void* const> stack() const { return std::span(frames).first(depth); }
};

/// References that are there already stay unknown: held since before tracking.
void switch_on();
/// The same on a test's time.
void switch_on(Now now);
/// Forgets all records.
void switch_off();

/// What is held at this moment, and what time it is; nothing while it is off.
struct Snapshot {
    Nanos now{};
    std::vector<Record> records;
};
std::optional<Snapshot> snapshot();

/// References that this thread takes meanwhile are not written down: the explainer's own.
class Unrecorded {
  public:
    Unrecorded();
    ~Unrecorded();
    Unrecorded(const Unrecorded&) = delete;
    Unrecorded& operator=(const Unrecorded&) = delete;

  private:
    const bool before_;
};

// What Ref calls.
namespace internal {
constinit inline std::atomic<bool> enabled{false};
}
inline bool is_on() {
    // A reference that is taken while it is being switched may be missed; nothing else depends on
    // it.
    return internal::enabled.load(std::memory_order_relaxed);
}
void note_taken(const void* ref, const Object& object) noexcept;
void note_moved(const void* from, const void* to) noexcept;
void note_swapped(const void* a, const void* b) noexcept;
void note_dropped(const void* ref) noexcept;

}  // namespace ref_tracker
}  // namespace plugboard
