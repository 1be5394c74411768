#include "daemon/udev/uevent_sockets.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/hangup_watch.h"

namespace plugboard::daemon {
namespace {

constexpr Errno address_in_use{EADDRINUSE};
constexpr int wanted_buffer = 1 << 20;  // the system may give less

/// How many bytes of kernel memory the messages take that the other end has not read.
int unread(int fd) {
    int bytes = 0;
    return ::ioctl(fd, SIOCOUTQ, &bytes) < 0 ? 0 : bytes;
}

int send_buffer(int fd) {
    int bytes = 0;
    socklen_t size = sizeof bytes;
    return getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &size) < 0 ? 0 : bytes;
}

}  // namespace

UeventSocket::Address UeventSocket::address() const {
    MutexLock lock(mutex_);
    return address_;
}

Result<void> UeventSocket::change(transport::UeventsChange change, uint32_t port, uint32_t groups,
                                  const uapi::Credentials& caller) {
    if (change == transport::UeventsChange::Bind) {
        TRY(take_port(port, static_cast<uint32_t>(caller.pid)));
        MutexLock lock(mutex_);
        address_.groups = groups;
        return {};
    }
    if (change != transport::UeventsChange::Join && change != transport::UeventsChange::Leave)
        return Errno::Inval;
    MutexLock lock(mutex_);
    if (change == transport::UeventsChange::Join) {
        address_.groups |= groups;
    } else {
        address_.groups &= ~groups;
    }
    return {};
}

/// Linux: netlink_bind, netlink_autobind
Result<void> UeventSocket::take_port(uint32_t port, uint32_t process) {
    if (const uint32_t mine = address().port; mine != 0) {
        if (port != 0 && port != mine) return Errno::Inval;
        return {};
    }
    const auto other_ports = files_.all(FdKind::Uevents);
    const auto is_taken = [&](uint32_t wanted) {
        return std::ranges::any_of(other_ports, [&](const auto& other) {
            return &*other != this && static_cast<UeventSocket&>(*other).address().port == wanted;
        });
    };
    uint32_t mine = port != 0 ? port : process;
    if (port != 0 && is_taken(port)) return address_in_use;
    for (uint32_t next = ~0u; is_taken(mine); --next) mine = next;
    MutexLock lock(mutex_);
    address_.port = mine;
    return {};
}

UeventSocket::Sent UeventSocket::send(UeventGroup group, std::span<const std::byte> message) {
    MutexLock lock(mutex_);
    if (!(address_.groups & static_cast<uint32_t>(group))) return Sent::NotListening;
    const int waiting = unread(ours_.borrow());
    if (is_congested_ && waiting > 0) return Sent::Lost;
    is_congested_ = false;
    // Half of the room is more than any message takes, and the one about the loss too.
    if (waiting < send_buffer(ours_.borrow()) / 2) return send_locked(message);
    constexpr std::array<std::byte, transport::uevents_lost_size> lost{};
    const Sent told = send_locked(lost);
    is_congested_ = true;
    return told == Sent::Gone ? told : Sent::Lost;
}

UeventSocket::Sent UeventSocket::send_locked(std::span<const std::byte> message) {
    if (::send(ours_.borrow(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return Sent::Yes;
    if (errno == ECONNREFUSED || errno == ENOTCONN || errno == ECONNRESET) return Sent::Gone;
    is_congested_ = true;
    return Sent::Lost;
}

Result<UniqueFd> UeventSockets::open(int type, int flags) {
    auto& files = model_.service<drm::SpecialFiles>();
    files.watch().settle();  // those that are closed take no room
    if (type != SOCK_RAW && type != SOCK_DGRAM) return Errno::Inval;
    const auto make = [&](uint64_t, UniqueFd ours) -> Ref<drm::SpecialFile> {
        setsockopt(ours.borrow(), SOL_SOCKET, SO_SNDBUF, &wanted_buffer, sizeof wanted_buffer);
        return make_ref<UeventSocket>(files, std::move(ours), type);
    };
    UniqueFd theirs = TRY(files.add(FdKind::Uevents, PairType::Datagrams, make));
    if ((flags & O_NONBLOCK) && fcntl(theirs.borrow(), F_SETFL, O_NONBLOCK) < 0)
        return last_error();
    return theirs;
}

void UeventSockets::send(UeventGroup group, std::span<const std::byte> message) {
    auto& files = model_.service<drm::SpecialFiles>();
    bool has_gone = false;
    for (const auto& file : files.all(FdKind::Uevents)) {
        if (static_cast<UeventSocket&>(*file).send(group, message) == UeventSocket::Sent::Gone)
            has_gone = true;
    }
    // On the worker: who sends uevents may hold locks that a close takes.
    if (has_gone) model_.run_later([&files] { files.watch().settle(); });
}

}  // namespace plugboard::daemon
