// What goes wrong with a device on purpose, and when: plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/clock.h"
#include "base/errno.h"

namespace plugboard::drm {

/// Which of its events a fault hits. They count from 1 since it was planted, those within its time.
struct FaultTrigger {
    uint64_t first = 1, last = UINT64_MAX;
    uint64_t every = 1;            // of these the first, and each so many later; not 0
    Nanos after{};                 // its time: since it was planted
    std::optional<Nanos> until{};  // none: for ever

    bool operator==(const FaultTrigger&) const = default;
};

/// An ioctl is not done and answers an error. Its events: the calls that get past the permissions.
struct IoctlFault {
    uint32_t number = 0;  // of the core's table
    Errno error = Errno::Inval;
    int pid = 0;             // of the caller; 0: any
    std::string command{};   // of who opened the file; empty: any
    uint64_t min_bytes = 0;  // CREATE_DUMB: of buffers at least this large

    bool operator==(const IoctlFault&) const = default;
};

/// A vblank that clients hear of later. Its number and time stay those that it has.
struct LateVblank {
    Nanos by{};
    std::optional<uint32_t> crtc{};  // index; none: each

    bool operator==(const LateVblank&) const = default;
};

/// A vblank that nobody hears of. The next one's number says so.
struct LostVblank {
    std::optional<uint32_t> crtc{};

    bool operator==(const LostVblank&) const = default;
};

/// A commit on a CRTC that stays on is programmed so many vblanks later. Its events: these commits.
struct SlowFlip {
    uint32_t vblanks = 1;
    std::optional<uint32_t> crtc{};

    bool operator==(const SlowFlip&) const = default;
};

/// link-status goes bad: once at the trigger's time, or at flips of the connector's CRTC.
struct BadLink {
    std::string connector{};  // "DP-1"
    bool at_flips = false;

    bool operator==(const BadLink&) const = default;
};

struct Fault {
    FaultTrigger trigger{};
    std::variant<IoctlFault, LateVblank, LostVblank, SlowFlip, BadLink> what{};

    bool operator==(const Fault&) const = default;
};

}  // namespace plugboard::drm
