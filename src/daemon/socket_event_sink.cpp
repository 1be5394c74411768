#include "daemon/socket_event_sink.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/hangup_watch.h"
#include "base/log.h"

namespace plugboard::daemon {
namespace {

/// Room for the 128 events that the quota lets a file have, and more: each takes the kernel about
/// 0.8 KiB.
constexpr int send_buffer_bytes = 256 * 1024;

/// What the kernel books as unsent for one event that nobody has read.
size_t booked_bytes_of_an_event() {
    static const size_t bytes = [] {
        int ends[2];
        int booked = 0;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return size_t{1};
        const UniqueFd sender(ends[0]);
        const UniqueFd reader(ends[1]);
        const drm::EventBytes event{};
        send(sender.borrow(), event.data(), event.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        ioctl(sender.borrow(), SIOCOUTQ, &booked);
        return booked > 0 ? static_cast<size_t>(booked) : size_t{1};
    }();
    return bytes;
}

}  // namespace

SocketEventSink::SocketEventSink(UniqueFd socket) : socket_(std::move(socket)) {
    setsockopt(socket_.borrow(), SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes,
               sizeof send_buffer_bytes);
}

void SocketEventSink::push(const drm::EventBytes& event) {
    const ssize_t sent =
        send(socket_.borrow(), event.data(), event.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    // A client that is gone, or that was hung up on, gets none. Anything else is an event lost.
    if (sent < 0 && errno != EPIPE && errno != ECONNRESET)
        log::error("an event was lost: {}", errno_name(last_error()));
}

size_t SocketEventSink::unread() const {
    int booked = 0;
    if (ioctl(socket_.borrow(), SIOCOUTQ, &booked) < 0 || booked <= 0) return 0;
    const size_t one = booked_bytes_of_an_event();
    return (static_cast<size_t>(booked) + one - 1) / one * sizeof(drm::EventBytes);
}

void SocketEventSink::hang_up() {
    HangupWatch::shut_down(socket_.borrow());
}

}  // namespace plugboard::daemon
