#include "drm/request.h"

#include <sys/eventfd.h>

#include "drm/device.h"
#include "drm/sync/fence.h"

namespace plugboard::drm {

std::atomic<const StopHook*> stop_hook;

Errno Request::refused(log::Category category, Errno error, std::string reason) {
    if (log::is_enabled(category)) {
        unwritten_.emplace_back(category,
                                fmt::format("{}: {}: {}", row_ ? row_->name : "unknown ioctl",
                                            errno_name(error), reason));
    }
    if (reason_.empty()) reason_ = std::move(reason);
    return error;
}

void Request::write_reasons() {
    for (const auto& [category, line] : std::exchange(unwritten_, {})) log::write(category, line);
}

void Request::stop_point(Device& device, StopPoint point) {
    const StopHook* hook = stop_hook.load();
    if (hook && row_) (*hook)(device, *row_, point);
}

Result<void> Request::expect_free_fd() {
    // Only who gives a descriptor knows; this one is taken back, as the request is about to fail.
    UniqueFd some(eventfd(0, EFD_CLOEXEC));
    if (!some.is_open()) return {};
    const auto number = memory_.install_fd(std::move(some), uapi::OnExec::Close);
    if (!number.ok()) return refuse(log::Category::Core, number.error(), "no free descriptor");
    return {};
}

Result<void> Request::wait(Device& device, WaitQueue& queue, const std::function<bool()>& ready,
                           std::optional<Time> deadline, Interrupts interrupts) {
    WaitQueue::Entry own(queue, sleeper_);
    return wait_woken(device, ready, deadline, interrupts);
}

Result<void> Request::wait_woken(Device& device, const std::function<bool()>& ready,
                                 std::optional<Time> deadline, Interrupts interrupts) {
    stop_point(device, StopPoint::Wait);
    // Unbind marks the device::Device gone long before it unpublishes this one.
    WaitQueue::Entry gone(device.gone_queue(), sleeper_);
    WaitQueue::Entry parent_gone(device.parent().gone_queue(), sleeper_);
    for (Wakeup end = Wakeup::Woken;; end = sleeper_.sleep(deadline, interrupts)) {
        const bool is_ready = ready();
        // After it: the end of a device makes many predicates true.
        if (device.is_gone())
            return refuse(log::Category::Core, Errno::NoDev, "{} went away during the wait",
                          device.card_name());
        if (is_ready) return {};
        if (end == Wakeup::Deadline) return Errno::Time;
        if (end == Wakeup::Interrupted) return Errno::Intr;
    }
}

Result<void> Request::wait(Fence& fence) {
    const Wakeup end = wait_until(sleeper_, fence.queue(), [&] { return fence.is_signaled(); });
    if (end == Wakeup::Woken) return {};
    return refuse(log::Category::Core, Errno::Intr, "a signal ended the wait for {}",
                  fence.label());
}

}  // namespace plugboard::drm
