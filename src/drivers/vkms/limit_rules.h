// What a card refuses as hardware with limits does, as plain data, and the check of a state by it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "base/errno.h"
#include "base/result.h"
#include "drm/objects/plane.h"
#include "drm/pixel/geometry.h"

namespace plugboard::drm::atomic {
class State;
}

namespace plugboard::vkms {

/// A bit per drm::PlaneType.
using PlaneKinds = uint32_t;
constexpr PlaneKinds kind_bit(drm::PlaneType type) {
    return 1U << static_cast<uint32_t>(type);
}
inline constexpr PlaneKinds every_kind = 7;

/// What a number is counted over.
enum class Per { Crtc, Card };

// Each is about the planes that are on, of the rule's kinds; a CRTC without a mode shows none. One
// with a mode counts whether or not it is active: what was checked must not fail when it lights up.
struct MaxPlanes {
    uint32_t count = 0;
    Per per = Per::Crtc;
    bool operator==(const MaxPlanes&) const = default;
};
struct MaxCrtcs {
    uint32_t count = 0;
    bool operator==(const MaxCrtcs&) const = default;
};
/// A side on the screen is at most so many times that in the framebuffer. 1: no scaling up.
struct MaxUpscale {
    double factor = 1;
    bool operator==(const MaxUpscale&) const = default;
};
/// A side on the screen is at least this part of that in the framebuffer: 4 is a quarter.
struct MaxDownscale {
    double factor = 1;
    bool operator==(const MaxDownscale&) const = default;
};
/// Of what is read of the framebuffers: source pixels * bytes per pixel * refresh rate.
struct MaxBandwidth {
    uint64_t bytes_per_second = 0;
    Per per = Per::Card;
    bool operator==(const MaxBandwidth&) const = default;
};
/// The kinds, and no others, may show the format.
struct FormatOn {
    uint32_t fourcc = 0;
    PlaneKinds kinds = 0;
    bool operator==(const FormatOn&) const = default;
};
/// Angles and reflections, DRM_MODE_ROTATE_* and DRM_MODE_REFLECT_*; others are refused.
struct Rotations {
    uint32_t allowed = 0;
    bool operator==(const Rotations&) const = default;
};
/// On the screen.
struct MaxSize {
    drm::Size size{};
    bool operator==(const MaxSize&) const = default;
};
/// In the framebuffer.
struct MaxSourceSize {
    drm::Size size{};
    bool operator==(const MaxSourceSize&) const = default;
};
/// Of position and size on the screen.
struct MultipleOf {
    uint32_t pixels = 1;
    bool operator==(const MultipleOf&) const = default;
};
/// No part lies beyond the screen's edge.
struct Inside {
    bool operator==(const Inside&) const = default;
};
/// On only while a plane of that kind is, on the same CRTC.
struct Beside {
    drm::PlaneType kind = drm::PlaneType::Primary;
    bool operator==(const Beside&) const = default;
};

struct LimitRule {
    std::variant<MaxPlanes, MaxCrtcs, MaxUpscale, MaxDownscale, MaxBandwidth, FormatOn, Rotations,
                 MaxSize, MaxSourceSize, MultipleOf, Inside, Beside>
        what{};
    PlaneKinds kinds = every_kind;  // of the planes that it is about; FormatOn and MaxCrtcs: unused
    Errno error = Errno::Inval;

    bool operator==(const LimitRule&) const = default;
};

struct BadLimit {
    std::string message, remedy;
};
/// Nothing: the rule is good.
std::optional<BadLimit> explain_bad_limit(const LimitRule& rule);

/// As a board's TOML has it: "planes = 2".
std::string limit_text(const LimitRule& rule);
/// The key that says what it is about: "planes".
std::string limit_key(const LimitRule& rule);
/// "primary", "overlay", "cursor".
std::string_view plane_kind_name(drm::PlaneType type);

/// The first rule that the state breaks, by its error and with its numbers as the reason. Under the
/// modeset lock; looks at CRTCs that are not in the state too, and pulls nothing in.
Result<void> check_limits(std::span<const LimitRule> rules, drm::atomic::State& state);

}  // namespace plugboard::vkms
