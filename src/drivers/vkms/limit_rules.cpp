#include "drivers/vkms/limit_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <map>
#include <vector>

#include "drm/atomic/state.h"
#include "drm/objects/mode_config.h"
#include "drm/pixel/format.h"

namespace plugboard::vkms {
namespace {

constexpr std::array plane_kinds = {drm::PlaneType::Primary, drm::PlaneType::Overlay,
                                    drm::PlaneType::Cursor};
constexpr uint64_t megabyte = 1'000'000;
constexpr double fixed_one = drm::FixedRect::one;

std::string kinds_text(PlaneKinds kinds) {
    std::vector<std::string_view> names;
    for (const drm::PlaneType type : plane_kinds) {
        if ((kinds & kind_bit(type)) != 0) names.push_back(plane_kind_name(type));
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

const char* per_text(Per per) {
    return per == Per::Card ? "card" : "crtc";
}

std::string rotation_text(uint32_t bits) {
    constexpr std::array names = {"rotate-0",   "rotate-90", "rotate-180",
                                  "rotate-270", "reflect-x", "reflect-y"};
    std::vector<const char*> found;
    for (size_t i = 0; i < names.size(); ++i) {
        if ((bits & (1U << i)) != 0) found.push_back(names[i]);
    }
    return fmt::format("{}", fmt::join(found, ", "));
}

/// "planes" and "2, per = crtc".
struct KeyAndValue {
    std::string key, value;
};

KeyAndValue words_of(const MaxPlanes& rule) {
    return {"planes", fmt::format("{}, per = {}", rule.count, per_text(rule.per))};
}
KeyAndValue words_of(const MaxCrtcs& rule) {
    return {"crtcs", std::to_string(rule.count)};
}
KeyAndValue words_of(const MaxUpscale& rule) {
    return {"upscale", fmt::format("{}", rule.factor)};
}
KeyAndValue words_of(const MaxDownscale& rule) {
    return {"downscale", fmt::format("{}", rule.factor)};
}
KeyAndValue words_of(const MaxBandwidth& rule) {
    return {"bandwidth",
            fmt::format("{} MB/s, per = {}", static_cast<double>(rule.bytes_per_second) / megabyte,
                        per_text(rule.per))};
}
KeyAndValue words_of(const FormatOn& rule) {
    return {"format", fmt::format("{}, only_on = {}", drm::fourcc_name(rule.fourcc),
                                  rule.kinds != 0 ? kinds_text(rule.kinds) : "none")};
}
KeyAndValue words_of(const Rotations& rule) {
    return {"rotation", rotation_text(rule.allowed)};
}
KeyAndValue words_of(const MaxSize& rule) {
    return {"size", fmt::format("{}x{}", rule.size.width, rule.size.height)};
}
KeyAndValue words_of(const MaxSourceSize& rule) {
    return {"source_size", fmt::format("{}x{}", rule.size.width, rule.size.height)};
}
KeyAndValue words_of(const MultipleOf& rule) {
    return {"multiple", std::to_string(rule.pixels)};
}
KeyAndValue words_of(const Inside&) {
    return {"inside", "true"};
}
KeyAndValue words_of(const Beside& rule) {
    return {"beside", std::string(plane_kind_name(rule.kind))};
}

/// A plane that is on, on a CRTC that has a mode.
struct WantedPlane {
    const drm::Plane* plane = nullptr;
    const drm::PlaneState* state = nullptr;
    const drm::Mode* mode = nullptr;

    uint32_t crtc() const { return state->crtc->index(); }
};

/// Bytes of the framebuffer that a frame reads.
uint64_t bytes_read(const drm::PlaneState& shown) {
    const drm::FormatInfo& format = (*shown.fb)->format();
    const auto whole = [](uint32_t fixed) {
        return static_cast<uint32_t>((uint64_t{fixed} + drm::FixedRect::one - 1) >> 16);
    };
    uint64_t bytes = 0;
    for (uint32_t plane = 0; plane < format.num_planes; ++plane) {
        bytes += drm::min_pitch(format, plane, whole(shown.source.width)) *
                 drm::plane_height(format, plane, whole(shown.source.height));
    }
    return bytes;
}

/// A state as it would be, seen by one rule after the other.
class LimitCheck {
  public:
    explicit LimitCheck(drm::atomic::State& state) : state_(state) {
        for (const drm::Plane* plane : state.device().mode_config().planes) {
            const drm::atomic::PlaneChange* change = state.find(*plane);
            const drm::PlaneState& next = change ? change->new_state : plane->state;
            if (!next.is_on()) continue;
            if (const drm::Mode* mode = mode_of(*next.crtc)) shown_.push_back({plane, &next, mode});
        }
    }

    Result<void> check(const LimitRule& rule) {
        rule_ = &rule;
        return std::visit([this](const auto& what) { return obeys(what); }, rule.what);
    }

  private:
    const drm::Mode* mode_of(const drm::Crtc& crtc) {
        const drm::atomic::CrtcChange* change = state_.find(crtc);
        const auto& mode = change ? change->new_state.mode : crtc.state.mode;
        return mode ? &*mode : nullptr;
    }
    bool is_meant(const WantedPlane& shown) const {
        return (rule_->kinds & kind_bit(shown.plane->plane_type())) != 0;
    }
    template <class... Args>
    Errno refuse(fmt::format_string<Args...> format, Args&&... args) {
        return state_.refuse(rule_->error, "limit \"{}\": {}", limit_text(*rule_),
                             fmt::format(format, std::forward<Args>(args)...));
    }
    /// The first of the planes meant that `explain` has something to say of.
    template <class Explain>
    Result<void> each_plane(Explain explain) {
        for (const WantedPlane& shown : shown_) {
            if (!is_meant(shown)) continue;
            const std::string why = explain(shown);
            if (!why.empty()) return refuse("{} {}", shown.plane->name(), why);
        }
        return {};
    }
    /// Sums over each CRTC, or over all: "crtc-0" or the card's name, and the sum.
    template <class Amount>
    std::map<std::string, uint64_t> sums(Per per, Amount amount) {
        std::map<std::string, uint64_t> sums;
        for (const WantedPlane& shown : shown_) {
            if (!is_meant(shown)) continue;
            const std::string name =
                per == Per::Card ? state_.device().card_name() : shown.state->crtc->name();
            sums[name] += amount(shown);
        }
        return sums;
    }

    Result<void> obeys(const MaxPlanes& limit) {
        for (const auto& [name, count] : sums(limit.per, [](const WantedPlane&) { return 1U; })) {
            if (count > limit.count) return refuse("{} has {} planes on", name, count);
        }
        return {};
    }
    Result<void> obeys(const MaxCrtcs& limit) {
        uint32_t count = 0;
        for (const drm::Crtc* crtc : state_.device().mode_config().crtcs)
            count += mode_of(*crtc) ? 1 : 0;
        if (count <= limit.count) return {};
        return refuse("{} CRTCs have a mode", count);
    }
    Result<void> obeys(const MaxUpscale& limit) {
        return each_scaled(
            [&](double source, double screen) { return screen > source * limit.factor; });
    }
    Result<void> obeys(const MaxDownscale& limit) {
        return each_scaled(
            [&](double source, double screen) { return source > screen * limit.factor; });
    }
    /// `is_bad` is asked about each pair of sides, in pixels.
    template <class IsBad>
    Result<void> each_scaled(IsBad is_bad) {
        return each_plane([&](const WantedPlane& shown) -> std::string {
            const bool turned = shown.state->rotation.swaps_axes();
            const drm::FixedRect& source = shown.state->source;
            const double width = (turned ? source.height : source.width) / fixed_one;
            const double height = (turned ? source.width : source.height) / fixed_one;
            const drm::Rect& place = shown.state->destination;
            if (place.is_empty()) return {};
            if (!is_bad(width, place.width) && !is_bad(height, place.height)) return {};
            return fmt::format("scales {}x{} to {}x{}", width, height, place.width, place.height);
        });
    }
    Result<void> obeys(const MaxBandwidth& limit) {
        const auto rates = sums(limit.per, [](const WantedPlane& shown) {
            const auto frame_ns = static_cast<double>(shown.mode->frame_duration_ns());
            if (frame_ns <= 0) return uint64_t{0};
            return static_cast<uint64_t>(static_cast<double>(bytes_read(*shown.state)) * 1e9 /
                                         frame_ns);
        });
        for (const auto& [name, rate] : rates) {
            if (rate > limit.bytes_per_second)
                return refuse("{} reads {:.1f} MB/s", name, static_cast<double>(rate) / megabyte);
        }
        return {};
    }
    Result<void> obeys(const FormatOn& limit) {
        for (const WantedPlane& shown : shown_) {
            const drm::PlaneType type = shown.plane->plane_type();
            if ((*shown.state->fb)->format().fourcc != limit.fourcc) continue;
            if ((limit.kinds & kind_bit(type)) == 0)
                return refuse("{}, of kind {}, shows it", shown.plane->name(),
                              plane_kind_name(type));
        }
        return {};
    }
    Result<void> obeys(const Rotations& limit) {
        return each_plane([&](const WantedPlane& shown) -> std::string {
            if ((shown.state->rotation.bits & ~limit.allowed) == 0) return {};
            return fmt::format("has {}", rotation_text(shown.state->rotation.bits));
        });
    }
    Result<void> obeys(const MaxSize& limit) {
        return each_plane([&](const WantedPlane& shown) -> std::string {
            const drm::Rect& place = shown.state->destination;
            if (place.width <= limit.size.width && place.height <= limit.size.height) return {};
            return fmt::format("is {}x{} on the screen", place.width, place.height);
        });
    }
    Result<void> obeys(const MaxSourceSize& limit) {
        return each_plane([&](const WantedPlane& shown) -> std::string {
            const drm::FixedRect& source = shown.state->source;
            if (source.width <= uint64_t{limit.size.width} << 16 &&
                source.height <= uint64_t{limit.size.height} << 16)
                return {};
            return fmt::format("reads {}x{} of its framebuffer", source.width / fixed_one,
                               source.height / fixed_one);
        });
    }
    Result<void> obeys(const MultipleOf& limit) {
        return each_plane([&](const WantedPlane& shown) -> std::string {
            const drm::Rect& place = shown.state->destination;
            const auto fits = [&](int64_t value) { return value % int64_t{limit.pixels} == 0; };
            if (fits(place.x) && fits(place.y) && fits(place.width) && fits(place.height))
                return {};
            return fmt::format("is at {}x{}{:+}{:+}", place.width, place.height, place.x, place.y);
        });
    }
    Result<void> obeys(const Inside&) {
        return each_plane([&](const WantedPlane& shown) -> std::string {
            const drm::Rect& place = shown.state->destination;
            const drm::Size size = shown.mode->size();
            if (place.x >= 0 && place.y >= 0 && place.right() <= size.width &&
                place.bottom() <= size.height)
                return {};
            return fmt::format("is at {}x{}{:+}{:+} of {}x{}", place.width, place.height, place.x,
                               place.y, size.width, size.height);
        });
    }
    Result<void> obeys(const Beside& limit) {
        return each_plane([&](const WantedPlane& shown) -> std::string {
            for (const WantedPlane& other : shown_) {
                if (other.plane->plane_type() == limit.kind && other.crtc() == shown.crtc())
                    return {};
            }
            return fmt::format("is on without a {} plane", plane_kind_name(limit.kind));
        });
    }

    drm::atomic::State& state_;
    std::vector<WantedPlane> shown_;
    const LimitRule* rule_ = nullptr;
};

// What no rule can be.
template <class What>
std::optional<BadLimit> explain_bad(const What&) {
    return std::nullopt;
}
BadLimit allows_nothing(const char* remedy) {
    return {.message = "nothing could ever be shown", .remedy = remedy};
}
std::optional<BadLimit> explain_bad(const MaxPlanes& rule) {
    if (rule.count > 0) return std::nullopt;
    return allows_nothing("allow at least one plane: planes = 1");
}
std::optional<BadLimit> explain_bad(const MaxCrtcs& rule) {
    if (rule.count > 0) return std::nullopt;
    return allows_nothing("allow at least one CRTC: crtcs = 1");
}
std::optional<BadLimit> explain_bad(const MaxBandwidth& rule) {
    if (rule.bytes_per_second > 0) return std::nullopt;
    return allows_nothing("write for example bandwidth = \"2 GB/s\"");
}
std::optional<BadLimit> explain_bad_factor(double factor) {
    if (factor >= 1 && factor <= 1000) return std::nullopt;
    return BadLimit{fmt::format("{} times is no limit of scaling", factor),
                    "use 1, which is none, to 1000"};
}
std::optional<BadLimit> explain_bad(const MaxUpscale& rule) {
    return explain_bad_factor(rule.factor);
}
std::optional<BadLimit> explain_bad(const MaxDownscale& rule) {
    return explain_bad_factor(rule.factor);
}
std::optional<BadLimit> explain_bad(const FormatOn& rule) {
    if (drm::find_format(rule.fourcc)) return std::nullopt;
    return BadLimit{fmt::format("there is no format \"{}\"", drm::fourcc_name(rule.fourcc)),
                    "use a fourcc, such as NV12 or XR24"};
}
std::optional<BadLimit> explain_bad(const Rotations& rule) {
    if ((rule.allowed & DRM_MODE_ROTATE_MASK) != 0) return std::nullopt;
    return BadLimit{"no angle is allowed", "add rotate-0 to the list"};
}
std::optional<BadLimit> explain_bad_size(drm::Size size) {
    if (!size.is_empty()) return std::nullopt;
    return allows_nothing("write for example size = \"4096x2304\"");
}
std::optional<BadLimit> explain_bad(const MaxSize& rule) {
    return explain_bad_size(rule.size);
}
std::optional<BadLimit> explain_bad(const MaxSourceSize& rule) {
    return explain_bad_size(rule.size);
}
std::optional<BadLimit> explain_bad(const MultipleOf& rule) {
    if (rule.pixels > 0) return std::nullopt;
    return BadLimit{"nothing is a multiple of 0", "write for example multiple = 2"};
}

}  // namespace

std::string_view plane_kind_name(drm::PlaneType type) {
    switch (type) {
        case drm::PlaneType::Primary: return "primary";
        case drm::PlaneType::Overlay: return "overlay";
        case drm::PlaneType::Cursor: return "cursor";
    }
    return "";
}

std::string limit_text(const LimitRule& rule) {
    const auto [key, value] =
        std::visit([](const auto& what) { return words_of(what); }, rule.what);
    std::string text = fmt::format("{} = {}", key, value);
    if (rule.kinds != every_kind) text += ", plane = " + kinds_text(rule.kinds);
    return text;
}

std::string limit_key(const LimitRule& rule) {
    return std::visit([](const auto& what) { return words_of(what); }, rule.what).key;
}

std::optional<BadLimit> explain_bad_limit(const LimitRule& rule) {
    return std::visit([](const auto& what) { return explain_bad(what); }, rule.what);
}

Result<void> check_limits(std::span<const LimitRule> rules, drm::atomic::State& state) {
    if (rules.empty()) return {};
    LimitCheck check(state);
    for (const LimitRule& rule : rules) TRY(check.check(rule));
    return {};
}

}  // namespace plugboard::vkms
