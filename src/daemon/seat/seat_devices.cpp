#include "daemon/seat/seat_devices.h"

#include <drm.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "base/wait.h"
#include "daemon/session/session.h"
#include "uapi/in_process_memory.h"

namespace plugboard::daemon {
namespace {

constexpr size_t max_devices = 128;  // of a client, as seatd's

/// The seat acts as seatd does: as root, and as the opener.
uapi::Credentials own_credentials() {
    return {.pid = getpid(), .uid = 0, .gid = 0};
}

Result<UniqueFd> copy_of(const UniqueFd& fd) {
    UniqueFd copy(fcntl(fd.borrow(), F_DUPFD_CLOEXEC, 0));
    if (!copy.is_open()) return seen_by_client(last_error());
    return copy;
}

}  // namespace

std::optional<std::string> SeatDevices::find_path(const std::string& path) const {
    if (parse_node(path)) return path;
    // A link to a node: by-path, or one with dots in it.
    if (!path.starts_with('/')) return std::nullopt;
    std::error_code failed;
    const auto real = std::filesystem::canonical(context_.root + path, failed);
    const auto root = std::filesystem::canonical(context_.root, failed);
    if (failed || !real.native().starts_with(root.native() + "/")) return std::nullopt;
    return real.native().substr(root.native().size());
}

int SeatDevices::next_id() const {
    int id = 1;
    for (const Device& device : devices_) id = std::max(id, device.id + 1);
    return id;
}

void SeatDevices::forget_closed() {
    std::erase_if(devices_, [&](const Device& device) {
        return !context_.files.use(device.number, nullptr).has_value();
    });
}

Result<SeatDevices::Opened> SeatDevices::open(const std::string& path, int flags, Until until) {
    const auto found = find_path(path);
    const auto node = found ? parse_node(*found) : std::nullopt;
    if (!node) return Errno::NoEnt;
    if (until == Until::Close) {
        const auto same = std::ranges::find(devices_, *found, &Device::path);
        if (same != devices_.end()) {
            auto fd = TRY(copy_of(same->copy));
            same->users++;
            return Opened{same->id, std::move(fd)};
        }
    } else {
        // The kernel's close() has released before it returns.
        if (devices_.size() >= max_devices) context_.files.settle();
        forget_closed();
    }
    if (devices_.size() >= max_devices) return Errno::MFile;
    auto opened = open_node(context_.world, context_.files, *node,
                            {.flags = flags, .opener = own_credentials(), .command = peer_.command},
                            peer_.pid);
    if (!opened.ok()) return seen_by_client(opened.error());
    UniqueFd copy;
    if (until == Until::Close) copy = TRY(copy_of(opened->theirs));
    const Device& device = devices_.emplace_back(Device{.id = next_id(),
                                                        .node = *node,
                                                        .path = *found,
                                                        .number = opened->number,
                                                        .copy = std::move(copy)});
    (void)change_master(device, DRM_IOCTL_SET_MASTER);  // another client may be it
    return Opened{device.id, std::move(opened->theirs)};
}

Result<void> SeatDevices::close(int id) {
    const auto found = std::ranges::find(devices_, id, &Device::id);
    if (found == devices_.end()) return Errno::BadF;
    if (--found->users > 0) return {};
    (void)change_master(*found, DRM_IOCTL_DROP_MASTER);
    devices_.erase(found);
    return {};
}

void SeatDevices::close_all() {
    drop_master();
    devices_.clear();
}

void SeatDevices::set_master() {
    for (const Device& device : devices_) {
        const auto done = change_master(device, DRM_IOCTL_SET_MASTER);
        if (done.ok() || done.error() == Errno::NoDev) continue;  // unplugged
        log::error("seat: {} ({}) does not become master of {} again: {}", peer_.command, peer_.pid,
                   device.path, errno_name(done.error()));
    }
}

void SeatDevices::drop_master() {
    for (const Device& device : devices_)
        (void)change_master(device, DRM_IOCTL_DROP_MASTER);  // it may not be master
}

Result<void> SeatDevices::change_master(const Device& device, uint32_t command) const {
    if (device.node.type == drm::NodeType::Render) return {};
    // Not by a reference that is kept: whoever shuts the descriptor down ends the file.
    const auto use = context_.files.use(device.number, nullptr);
    if (!use) return {};
    uapi::InProcessMemory memory;
    ThreadSleeper sleeper(context_.clock);
    drm::Request request(memory, sleeper, own_credentials());
    const auto done = use->file().ioctl(request, command, uapi::UserAddress{0});
    if (!done.ok()) return done.error();
    return {};
}

std::vector<std::string> SeatDevices::paths() const {
    std::vector<std::string> paths;
    for (const Device& device : devices_) paths.push_back(device.path);
    return paths;
}

}  // namespace plugboard::daemon
