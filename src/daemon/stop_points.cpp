#include "daemon/stop_points.h"

#include <fmt/format.h>

#include <algorithm>

#include "uapi/ioctl_table.h"

namespace plugboard::daemon {
namespace {

constexpr std::string_view kPrefix = "DRM_IOCTL_";

bool is_row(std::string_view name) {
    return std::any_of(uapi::ioctls_begin(), uapi::ioctls_end(), [&](const uapi::Ioctl& row) {
        return row.command != 0 && row.name == name;
    });
}

}  // namespace

std::optional<drm::StopPoint> parse_stop_point(std::string_view word) {
    if (word == "entry") return drm::StopPoint::Entry;
    if (word == "copy" || word == "after-copy") return drm::StopPoint::AfterCopy;
    if (word == "wait") return drm::StopPoint::Wait;
    return std::nullopt;
}

StopPoints::StopPoints(Board& board) : board_(board) {
    drm::stop_hook = [this](drm::Device& device, const uapi::Ioctl& row, drm::StopPoint point) {
        reached(device, row.name, point);
    };
}

StopPoints::~StopPoints() {
    drm::stop_hook = nullptr;
}

Outcome<Done> StopPoints::arm(std::string_view target, std::string_view ioctl,
                              std::string_view point) {
    if (ioctl.starts_with(kPrefix)) ioctl.remove_prefix(kPrefix.size());
    if (!is_row(ioctl)) {
        return Problem{.message = fmt::format("there is no ioctl \"{}\"", ioctl),
                       .remedy = "use a name of the table, such as MODE_ATOMIC"};
    }
    const auto stop_point = parse_stop_point(point);
    if (!stop_point) {
        return Problem{.message = fmt::format("there is no stop point \"{}\"", point),
                       .remedy = "use entry, copy or wait"};
    }
    const auto card = board_.find_card(target);
    if (!card.ok()) return card.problem();
    if (!card.value().device) {
        return Problem{.message = fmt::format("{} is not plugged", target),
                       .remedy = "plug it first"};
    }
    MutexLock lock(mutex_);
    armed_.push_back({&**card.value().device, std::string(ioctl), *stop_point});
    return Done{};
}

void StopPoints::reached(drm::Device& device, std::string_view ioctl, drm::StopPoint point) {
    {
        MutexLock lock(mutex_);
        const auto hit = std::find_if(armed_.begin(), armed_.end(), [&](const Armed& armed) {
            return armed.device == &device.parent() && armed.ioctl == ioctl && armed.point == point;
        });
        if (hit == armed_.end()) return;
        armed_.erase(hit);
    }
    ++count_;
    board_.unplug_device(device);
}

}  // namespace plugboard::daemon
