#include "daemon/udev/udev.h"

#include <chrono>
#include <span>
#include <string_view>
#include <utility>

#include "daemon/udev/uevent_message.h"
#include "device/device.h"

namespace plugboard::daemon {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

std::string data_file(const UdevRecord& record) {
    return "/run/udev/data/" + record.id;
}

std::string tag_file(const std::string& tag, const UdevRecord& record) {
    return "/run/udev/tags/" + tag + "/" + record.id;
}

uint64_t microseconds(Time time) {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
}

}  // namespace

Udev::Udev(device::Model& model, Tree& tree, UeventSockets& sockets)
    : model_(model), tree_(tree), sockets_(sockets) {
    for (const char* folder : {"/run/udev/data", "/run/udev/tags"})
        report_failure(folder, tree_.put_folder(folder));
    // libudev takes it for the sign that udev is running.
    report_failure("udev control", tree_.put_file("/run/udev/control", "", 0600));
    model_.add_watcher(*this);
}

Udev::~Udev() {
    model_.remove_watcher(*this);
}

void Udev::uevent(const device::Device& device, const device::Uevent& event) {
    sockets_.send(UeventGroup::Kernel, bytes_of(kernel_message(event)));
    {
        MutexLock lock(mutex_);
        queue_.push_back({event, make_udev_record(device)});
    }
    handle_queue();
}

void Udev::notify(const char* event, device::Device& device) {
    const std::string_view what = event;
    const bool begins = what == "BIND_DRIVER";
    if (!begins && what != "BOUND_DRIVER" && what != "DRIVER_NOT_BOUND") return;
    {
        MutexLock lock(mutex_);
        if (begins) {
            probing_.insert(device.sysfs_path());
        } else {
            probing_.erase(device.sysfs_path());
        }
    }
    handle_queue();
}

void Udev::handle_queue() {
    MutexLock lock(mutex_);
    if (is_handling_) return;
    is_handling_ = true;
    while (!queue_.empty() && probing_.empty()) {
        Queued next = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        handle(std::move(next));
        lock.lock();
    }
    is_handling_ = false;
}

void Udev::handle(Queued next) {
    const std::string& path = next.event.devpath;
    const auto known = known_.find(path);
    UdevRecord& record = next.record;
    record.initialized =
        known != known_.end() ? known->second.initialized : microseconds(model_.clock().now());
    if (next.event.action == "remove") {
        remove(record);
        known_.erase(path);
    } else {
        put(record);
        known_.insert_or_assign(path, record);
    }
    sockets_.send(UeventGroup::Udev, bytes_of(udev_message(next.event, record)));
}

void Udev::put(const UdevRecord& record) {
    if (!record.is_kept()) return;
    report_failure(record.id, tree_.put_file(data_file(record), record.text(), 0644));
    for (const std::string& tag : record.tags)
        report_failure(record.id, tree_.put_file(tag_file(tag, record), "", 0644));
}

void Udev::remove(const UdevRecord& record) {
    tree_.remove(data_file(record));
    for (const std::string& tag : record.tags) tree_.remove(tag_file(tag, record));
}

}  // namespace plugboard::daemon
