#include "daemon/session/socket_event_sink.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/hangup_watch.h"
#include "base/log.h"

namespace plugboard::daemon {
namespace {

/// Room for the 128 events that the quota lets a file have, and more: each takes the kernel about
/// 0.8 KiB.
constexpr int send_buffer_bytes = 256 * 1024;

/// What the kernel books as unsent for one event that nobody has read: one is sent and read again.
Result<size_t> measure_event(int ours, int theirs) {
    drm::EventBytes event{};
    if (send(ours, event.data(), event.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return last_error();
    int booked = 0;
    if (ioctl(ours, SIOCOUTQ, &booked) < 0) return last_error();
    if (recv(theirs, event.data(), event.size(), MSG_DONTWAIT) < 0) return last_error();
    return static_cast<size_t>(std::max(booked, 1));
}

}  // namespace

Result<std::unique_ptr<SocketEventSink>> SocketEventSink::create(UniqueFd ours, int theirs) {
    setsockopt(ours.borrow(), SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof send_buffer_bytes);
    const size_t booked_bytes = TRY(measure_event(ours.borrow(), theirs));
    return std::unique_ptr<SocketEventSink>(new SocketEventSink(std::move(ours), booked_bytes));
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
    const size_t one = booked_bytes_of_an_event_;
    return (static_cast<size_t>(booked) + one - 1) / one * sizeof(drm::EventBytes);
}

void SocketEventSink::hang_up() {
    HangupWatch::shut_down(socket_.borrow());
}

}  // namespace plugboard::daemon
