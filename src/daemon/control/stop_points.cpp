#include "daemon/control/stop_points.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "uapi/ioctl_names.h"

namespace plugboard::daemon {
namespace {

/// A row whose handler waits is a row whose wait a signal can end.
bool may_wait(const uapi::Ioctl& row) {
    return row.interruption != uapi::Interruption::Never;
}

Problem never_waits(const uapi::Ioctl& row) {
    std::vector<std::string_view> waiting;
    for (auto one = uapi::ioctls_begin(); one != uapi::ioctls_end(); ++one) {
        if (one->command != 0 && may_wait(*one)) waiting.push_back(one->name);
    }
    return {.message = fmt::format("{} never waits", row.name),
            .remedy = fmt::format("use entry or copy, or one of those that may wait: {}",
                                  fmt::join(waiting, ", "))};
}

}  // namespace

std::optional<drm::StopPoint> parse_stop_point(std::string_view word) {
    if (word == "entry") return drm::StopPoint::Entry;
    if (word == "copy" || word == "after-copy") return drm::StopPoint::AfterCopy;
    if (word == "wait") return drm::StopPoint::Wait;
    return std::nullopt;
}

StopPoints::StopPoints(Slots& slots)
    : slots_(slots),
      hook_([this](drm::Device& device, const uapi::Ioctl& row, drm::StopPoint point) {
          reached(device, row.name, point);
      }) {
    drm::stop_hook = &hook_;  // sessions may be running already
}

StopPoints::~StopPoints() {
    drm::stop_hook = nullptr;
}

Outcome<Done> StopPoints::arm(std::string_view target, std::string_view ioctl,
                              std::string_view point) {
    const uapi::Ioctl* row = uapi::find_ioctl_named(ioctl);
    if (!row) {
        return Problem{.message = fmt::format("there is no ioctl \"{}\"", ioctl),
                       .remedy = "use a name of the table, such as MODE_ATOMIC"};
    }
    const auto stop_point = parse_stop_point(point);
    if (!stop_point) {
        return Problem{.message = fmt::format("there is no stop point \"{}\"", point),
                       .remedy = "use entry, copy or wait"};
    }
    if (*stop_point == drm::StopPoint::Wait && !may_wait(*row)) return never_waits(*row);
    const auto plug = slots_.find_plug(target);
    if (!plug.ok()) return plug.problem();
    const auto pulled = slots_.pulled_generations();
    MutexLock lock(mutex_);
    forget_locked(pulled);
    armed_.push_back({plug.value(), std::string(row->name), *stop_point});
    is_armed_ = true;
    return Done{};
}

void StopPoints::forget_locked(const std::vector<uint64_t>& pulled) {
    std::erase_if(armed_, [&](const Armed& armed) {
        return armed.plug.generation <= pulled[armed.plug.slot];
    });
    is_armed_ = !armed_.empty();
}

void StopPoints::reached(drm::Device& device, std::string_view ioctl, drm::StopPoint point) {
    if (!is_armed_) return;
    const auto plug = slots_.plug_of(device);
    if (!plug) return;
    const auto pulled = slots_.pulled_generations();
    {
        MutexLock lock(mutex_);
        forget_locked(pulled);
        const auto hit = std::find_if(armed_.begin(), armed_.end(), [&](const Armed& armed) {
            return armed.plug == *plug && armed.ioctl == ioctl && armed.point == point;
        });
        if (hit == armed_.end()) return;
        armed_.erase(hit);
        is_armed_ = !armed_.empty();
    }
    ++count_;
    slots_.unplug(*plug);
}

}  // namespace plugboard::daemon
